"""The next version of a tool that a confirmed failure took out of use: one making, whoever begins it (design, 2.9)."""

from latm_mcp.job import Workshop
from latm_mcp.job_intake import MakeRequest, task_of
from latm_mcp.splits import digest
from latm_mcp.store import Job, Listed, Store


def mending_key(store: Store, row: Listed) -> str:
    """The key of its making: another one when other examples stand."""
    return f"mend:{row.name}:{row.version}:{digest(store.examples(row.name))}"


async def mending_job(shop: Workshop, row: Listed, *, again: bool = False) -> Job:
    """Its making, from all examples that stand. again: one that has failed begins anew."""
    key = mending_key(shop.store, row)
    job = shop.store.find_job(key)
    if job is not None and not (again and job.status == "failed"):
        return job
    request = MakeRequest(tuple(shop.store.examples(row.name)))
    return shop.store.open_job(key, await task_of(shop, request, shop.store.tool(row.name)), restart=again)
