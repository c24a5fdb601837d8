"""The queue for workers: fair between tools, slow with one that kills workers, and never short of a turn."""

import asyncio
import random
from collections import Counter

import anyio
import pytest
from anyio.lowlevel import checkpoint

from latm_mcp.sandbox_queue import FairQueue

pytestmark = pytest.mark.anyio
WITHIN = 10  # seconds, for whatever has to happen
REST = 0.03


class Floor:
    """Calls that hold their turns until the test ends them, and in which order they came to hold them."""

    def __init__(self, group: anyio.abc.TaskGroup, queue: FairQueue):
        self.group, self.queue = group, queue
        self.order: list[str] = []
        self._ends: dict[str, anyio.Event] = {}
        self._scopes: dict[str, anyio.CancelScope] = {}
        self._begun = anyio.Event()

    async def call(self, *names: str) -> None:
        """Begin calls in this order; the letters of a name are its key: `g1`, `g2` are of `g`."""
        for name in names:
            self._ends[name], self._scopes[name] = anyio.Event(), anyio.CancelScope()
            self.group.start_soon(self._call, name)
            await settled()

    async def _call(self, name: str) -> None:
        with self._scopes[name]:
            async with self.queue.turn(name.rstrip("0123456789")):
                self.order.append(name)
                self._begun.set()
                self._begun = anyio.Event()
                await self._ends[name].wait()

    async def end(self, *names: str) -> None:
        """End calls that hold a turn, one after the other."""
        for name in names:
            assert name in self.order
            self._ends[name].set()
            await settled()

    async def cancel(self, *names: str) -> None:
        for name in names:
            self._scopes[name].cancel()
            await settled()

    async def begun(self, name: str) -> None:
        """Wait until a call holds its turn."""
        with anyio.fail_after(WITHIN):
            while name not in self.order:
                await self._begun.wait()


async def settled() -> None:
    """Let every task run until it waits for something."""
    for _ in range(10):
        await checkpoint()


async def test_as_many_turns_at_once_as_slots_and_the_others_in_the_order_of_coming():
    async with anyio.create_task_group() as group:
        floor = Floor(group, FairQueue(2, patience=0))
        await floor.call("a1", "a2", "a3", "a4", "a5")
        assert floor.order == ["a1", "a2"]
        await floor.end("a2")
        assert floor.order == ["a1", "a2", "a3"]
        await floor.end("a1", "a3", "a4", "a5")
        assert floor.order == ["a1", "a2", "a3", "a4", "a5"]


async def test_keys_take_turns_however_many_calls_one_of_them_has():
    async with anyio.create_task_group() as group:
        floor = Floor(group, FairQueue(2, patience=0))
        await floor.call("h1", "k1", "g1", "g2", "g3", "a1", "b1", "a2")
        await floor.end("h1", "k1", "g1", "a1", "b1", "g2", "a2", "g3")
        assert floor.order == ["h1", "k1", "g1", "a1", "b1", "g2", "a2", "g3"]


async def test_a_single_call_waits_for_one_call_at_most_of_a_key_with_a_thousand():
    async with anyio.create_task_group() as group:
        floor = Floor(group, FairQueue(3, patience=0))
        await floor.call("h1", "h2", "g1")
        await floor.call(*(f"g{number}" for number in range(2, 1002)))
        await floor.call("a1")
        assert floor.order == ["h1", "h2", "g1"]
        await floor.end("h1")
        assert floor.order[3:] == ["a1"]
        group.cancel_scope.cancel()


async def test_a_key_that_holds_every_slot_makes_no_other_one_wait():
    async with anyio.create_task_group() as group:
        floor = Floor(group, FairQueue(2, patience=0))
        await floor.call("g1", "g2", "g3", "a1", "b1", "a2")
        assert floor.order == ["g1", "g2", "a1"]  # one beyond the slots, and no more than that
        await floor.end("a1")
        assert floor.order[3:] == ["b1"]
        await floor.end("b1")
        assert floor.order[4:] == ["a2"]
        await floor.end("g1")
        assert len(floor.order) == 5  # two hold the two slots, and no key all of them
        await floor.end("a2")
        assert floor.order[5:] == ["g3"]
        group.cancel_scope.cancel()


async def test_a_short_wait_is_no_reason_for_a_turn_beyond_the_slots():
    async with anyio.create_task_group() as group:
        floor = Floor(group, FairQueue(1, patience=0.05))
        await floor.call("g1", "a1")
        assert floor.order == ["g1"]
        await floor.end("g1")
        assert floor.order == ["g1", "a1"]
        await floor.call("b1")
        assert floor.order == ["g1", "a1"]
        with anyio.fail_after(5):
            while len(floor.order) < 3:
                await anyio.sleep(0.01)
        assert floor.order[2:] == ["b1"]
        group.cancel_scope.cancel()


async def test_the_turn_beyond_the_slots_is_never_for_the_key_that_holds_them():
    async with anyio.create_task_group() as group:
        floor = Floor(group, FairQueue(1, patience=0))
        await floor.call("g1", "g2")
        assert floor.order == ["g1"]
        await floor.end("g1")
        assert floor.order == ["g1", "g2"]
        await floor.end("g2")


async def test_a_free_slot_goes_to_the_key_that_holds_least():
    async with anyio.create_task_group() as group:
        floor = Floor(group, FairQueue(3, patience=0))
        await floor.call("g1", "g2", "a1", "g3", "b1")
        assert floor.order == ["g1", "g2", "a1"]
        await floor.end("a1")
        assert floor.order[3:] == ["b1"]
        group.cancel_scope.cancel()


async def test_contended_says_whether_another_key_waits():
    async with anyio.create_task_group() as group:
        queue = FairQueue(2, patience=0)
        floor = Floor(group, queue)
        await floor.call("g1", "h1", "g2")
        assert (queue.contended("g"), queue.contended("h")) == (False, True)
        await floor.call("a1")
        assert (queue.contended("g"), queue.contended("h")) == (True, True)
        await floor.end("g1", "h1")
        assert not queue.contended("g")
        await floor.end("a1", "g2")
        assert not queue.contended("nobody")


async def test_a_block_that_raises_gives_its_turn_back():
    queue = FairQueue(1, patience=0)
    for _ in range(3):
        with pytest.raises(KeyError):
            async with queue.turn("a"):
                raise KeyError
    with anyio.fail_after(WITHIN):
        async with queue.turn("a"):
            pass


async def test_a_cancelled_call_leaves_the_line_and_the_others_their_places():
    async with anyio.create_task_group() as group:
        floor = Floor(group, FairQueue(1, patience=0))
        await floor.call("g1", "g2", "g3", "g4")
        await floor.cancel("g2")
        await floor.end("g1")
        assert floor.order == ["g1", "g3"]
        await floor.cancel("g3")
        assert floor.order == ["g1", "g3", "g4"]
        await floor.end("g4")


async def test_a_call_that_is_cancelled_as_its_turn_comes_passes_it_on():
    queue = FairQueue(1, patience=0)
    got: list[str] = []

    async def call(name: str) -> None:
        async with queue.turn("a"):
            got.append(name)

    with anyio.fail_after(WITHIN):
        async with queue.turn("a"):
            second, third = (asyncio.create_task(call(name)) for name in ("second", "third"))
            await settled()
        second.cancel()  # asyncio's own: it reaches a task that has been given its turn and has not run since
        await asyncio.wait([second, third])
    assert second.cancelled()
    assert got == ["third"]


async def test_a_key_that_kills_workers_rests_longer_each_time_and_the_others_do_not():
    queue = FairQueue(2, patience=0, rest_seconds=(REST, 3 * REST))
    waited: list[float] = []
    with anyio.fail_after(WITHIN):
        for _ in range(6):
            before = anyio.current_time()
            async with queue.turn("killer"):
                waited.append(anyio.current_time() - before)
                queue.killed("killer")
            before = anyio.current_time()
            async with queue.turn("other"):
                assert anyio.current_time() - before < REST
    assert max(waited[:3]) < REST
    for seconds, least in zip(waited[3:], (REST, 2 * REST, 3 * REST), strict=True):
        assert least * 0.9 <= seconds < least + 1


async def test_the_rest_is_from_the_death_on_and_costs_an_idle_key_nothing():
    queue = FairQueue(1, patience=0, rest_seconds=(REST, REST))
    async with queue.turn("killer"):
        for _ in range(3):
            queue.killed("killer")
    await anyio.sleep(1.5 * REST)
    with anyio.fail_after(REST / 2):
        async with queue.turn("killer"):
            pass


async def test_a_survival_forgives_all_deaths_and_ends_the_rest_of_those_who_wait():
    queue = FairQueue(3, patience=0, rest_seconds=(3600, 3600))
    async with anyio.create_task_group() as group:
        floor = Floor(group, queue)
        await floor.call("k1", "k2")
        for _ in range(3):
            queue.killed("k")
        await floor.call("k3", "k4")
        assert floor.order == ["k1", "k2"]
        queue.survived("k")
        await settled()
        assert floor.order == ["k1", "k2", "k3"]
        await floor.end("k1")
        assert floor.order[3:] == ["k4"]
        queue.killed("k")  # the first one again
        await floor.end("k2", "k3", "k4")
        await floor.call("k5")
        await floor.end("k5")


async def test_deaths_that_are_not_in_a_row_slow_nobody_down():
    queue = FairQueue(1, patience=0, rest_seconds=(3600, 3600))
    with anyio.fail_after(WITHIN):
        for number in range(20):
            async with queue.turn("a"):
                queue.survived("a") if number % 3 == 2 else queue.killed("a")


async def test_a_key_that_kills_workers_holds_one_turn_at_a_time():
    queue = FairQueue(3, patience=0, rest_seconds=(REST, REST))
    async with anyio.create_task_group() as group:
        floor = Floor(group, queue)
        await floor.call("k1", "k2", "a1", "k3", "k4")
        for _ in range(3):
            queue.killed("k")
        await floor.end("k1", "a1")
        await anyio.sleep(1.5 * REST)
        assert floor.order == ["k1", "k2", "a1"]  # k2 still holds one
        assert not queue.contended("a")  # whoever gives way would give way to nobody
        await floor.end("k2")
        await floor.begun("k3")
        assert "k4" not in floor.order
        await floor.call("a2")
        assert floor.order[-1] == "a2"
        await floor.end("k3")
        await floor.begun("k4")
        group.cancel_scope.cancel()


async def test_those_who_wait_when_the_third_worker_dies_have_to_rest_as_well():
    queue = FairQueue(1, patience=0, rest_seconds=(2 * REST, 2 * REST))
    async with anyio.create_task_group() as group:
        floor = Floor(group, queue)
        await floor.call("k1", "k2", "k3")
        for _ in range(3):
            queue.killed("k")
        died = anyio.current_time()
        await floor.end("k1")
        assert floor.order == ["k1"]
        await floor.cancel("k2")  # the others' rest ends without it too
        await floor.begun("k3")
        assert anyio.current_time() - died >= 2 * REST * 0.9
        await floor.end("k3")


async def test_the_deaths_of_idle_keys_are_remembered_for_so_many_of_them():
    queue = FairQueue(1, patience=0, rest_seconds=(3600, 3600), remembered=10)
    async with queue.turn("busy"):
        for _ in range(3):
            queue.killed("busy")
        for number in range(1000):
            for _ in range(3):
                queue.killed(f"tool_{number}")
        assert len(queue._deaths) == 10
    with anyio.fail_after(WITHIN):
        async with queue.turn("tool_0"):
            pass  # forgotten
    for key in ("busy", "tool_999"):
        with anyio.move_on_after(REST) as waited:
            async with queue.turn(key):
                pass
        assert waited.cancelled_caught, key  # remembered: one was active, one is among the last


@pytest.mark.parametrize("seed", range(5))
async def test_a_thousand_calls_cancelled_at_random_lose_no_turn_and_leave_nobody_waiting(seed: int):
    chance = random.Random(seed)
    queue = FairQueue(chance.randrange(1, 5), patience=0, rest_seconds=(0.001, 0.004), remembered=3)
    holding: Counter[str] = Counter()
    ended = most = cancelled = 0

    async def call(key: str, patience: int, scope: anyio.CancelScope) -> None:
        nonlocal ended, most, cancelled
        with scope:
            async with queue.turn(key):
                holding[key] += 1
                most = max(most, holding.total())
                try:
                    for _ in range(patience):
                        await checkpoint()
                    queue.killed(key) if chance.random() < 0.3 else queue.survived(key)
                finally:
                    holding[key] -= 1
            ended += 1
        cancelled += scope.cancelled_caught

    async def disturb(scopes: list[anyio.CancelScope]) -> None:
        for scope in scopes:
            for _ in range(chance.randrange(3)):
                await checkpoint()
            scope.cancel()

    with anyio.fail_after(6 * WITHIN):
        async with anyio.create_task_group() as group:
            scopes = [anyio.CancelScope() for _ in range(1000)]
            for scope in scopes:
                group.start_soon(call, chance.choice("ggggggabcd"), chance.randrange(4), scope)
                if chance.random() < 0.1:
                    await checkpoint()
            group.start_soon(disturb, chance.sample(scopes, 500))
    assert ended + cancelled == 1000
    assert ended >= 500
    assert cancelled > 100
    assert holding.total() == 0
    assert most <= queue._slots + 1
    assert (queue._taken, dict(queue._held), queue._lines) == (0, {}, {})
    assert len(queue._deaths) <= 3
