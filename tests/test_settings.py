"""Settings: read once, refused by name, and keys kept to themselves."""

from pathlib import Path

import pytest

from latm_mcp import llm_endpoint, settings_models
from latm_mcp.errors import BadInput
from latm_mcp.outcomes import LIMIT_BOUNDS, Limits, OwnLimits
from latm_mcp.settings import LIMIT_VARIABLES, Settings, read_settings
from latm_mcp.settings_layers import Layers
from latm_mcp.settings_models import OPENAI, ROLES, UNREADABLE, ModelSettings, Role
from latm_mcp.settings_told import told_settings


def test_an_empty_environment_gives_the_defaults_and_no_maker(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOME", "/home/ann")
    for name in ("XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    read = read_settings({"OPENAI_API_KEY": "k", "LATM_EXPOSURE": "", "LATM_HOME": " "})
    assert (read.home.name, read.cache.name, read.home != read.cache) == ("latm-mcp", "latm-mcp", True)
    assert read == Settings(read.home, read.cache)
    assert (read.maker, read.exposure, read.exposure_limit, read.workers) == (None, "hybrid", 20, 2)
    assert (read.sandbox, read.limits, read.answer_within) == ("wasm", Limits(), 40.0)
    assert (read.user, read.dispatcher, read.fallback, read.queue, read.publish) == (None, None, None, False, "at-once")
    assert (read.make_at, read.grow_at, read.daily_usd, read.keep_days) == (6, 3, 1.0, 30)
    assert read.elicit is False


def test_everything_can_be_set(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOME", "/home/ann")
    read = read_settings(
        {
            "LATM_HOME": "~/tools",
            "LATM_CACHE": "/cache",
            "LATM_EXPOSURE": "static",
            "LATM_EXPOSURE_LIMIT": "0",
            "LATM_WORKERS": "4",
            "LATM_SANDBOX": "native",
            "LATM_CALL_SECONDS": "0.5",
            "LATM_CALL_CPU_SECONDS": "0.4",
            "LATM_MEMORY_MIB": "512",
            "LATM_OUTPUT_BYTES": "2000",
            "LATM_ARGUMENT_BYTES": "3000",
            "LATM_RECURSION": "500",
            "LATM_ANSWER_WITHIN": "20",
            "LATM_QUEUE": "on",
            "LATM_MAKE_AT": "8",
            "LATM_GROW_AT": "1",
            "LATM_PUBLISH": "after-approval",
            "LATM_DAILY_USD": "0.25",
            "LATM_KEEP_DAYS": "7",
            "LATM_ELICIT": "on",
            "LATM_USER_MODEL": "light",
        }
    )
    limits = Limits(0.5, 0.4, 512, 2000, 3000, 500)
    assert read == Settings(
        Path("/home/ann/tools"), Path("/cache"), None, "static", 0, "native", 4, limits, 20.0,
        user=ModelSettings("light"), queue=True, make_at=8, grow_at=1, publish="after-approval", daily_usd=0.25, keep_days=7,
        elicit=True,
    )  # fmt: skip


def test_processor_time_is_bounded_as_wall_time_is_where_nothing_else_is_said():
    assert read_settings({"LATM_CALL_SECONDS": "30"}).limits == Limits(seconds=30, cpu_seconds=30)


@pytest.mark.parametrize(
    ("environ", "maker"),
    [
        ({}, ModelSettings("m")),
        ({"OPENAI_API_KEY": "k"}, ModelSettings("m", None, "k")),
        ({"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": "http://o"}, ModelSettings("m", "http://o", "k")),
        ({"OPENAI_API_KEY": "k", "LATM_MAKER_API_KEY": "own"}, ModelSettings("m", None, "own")),
        ({"LATM_MAKER_BASE_URL": "http://l", "LATM_MAKER_API_KEY": "own"}, ModelSettings("m", "http://l", "own")),
    ],
)
def test_a_maker_is_the_model_that_is_named(environ: dict[str, str], maker: ModelSettings):
    assert read_settings({"LATM_MAKER_MODEL": "m", **environ}).maker == maker


def test_the_shared_key_is_not_sent_to_the_makers_own_endpoint():
    environ = {"LATM_MAKER_MODEL": "m", "LATM_MAKER_BASE_URL": "http://l", "OPENAI_API_KEY": "k"}
    assert read_settings(environ).maker == ModelSettings("m", "http://l", None)
    assert read_settings({**environ, "OPENAI_BASE_URL": "http://o"}).maker == ModelSettings("m", "http://l", None)


@pytest.mark.parametrize("role", ROLES)
def test_each_role_has_a_model_endpoint_and_key_of_its_own(role: Role):
    prefix = f"LATM_{role.upper()}"
    environ = {
        f"{prefix}_MODEL": "m",
        f"{prefix}_BASE_URL": "http://l",
        f"{prefix}_API_KEY": "own",
        "OPENAI_API_KEY": "k",
    }
    read = read_settings({**environ, "OPENAI_BASE_URL": "http://o"})
    assert {other: getattr(read, other) for other in ROLES} == {
        other: ModelSettings("m", "http://l", "own") if other == role else None for other in ROLES
    }


@pytest.mark.parametrize("role", ["user", "dispatcher", "fallback"])
def test_nothing_of_the_makers_endpoint_goes_to_another_role(role: Role):
    maker = {"LATM_MAKER_MODEL": "m", "LATM_MAKER_BASE_URL": "http://l", "LATM_MAKER_API_KEY": "makers"}
    assert getattr(read_settings(maker), role) is None

    named = {**maker, f"LATM_{role.upper()}_MODEL": "n"}
    assert getattr(read_settings(named), role) == ModelSettings("n")
    shared = {**named, "OPENAI_BASE_URL": "http://o", "OPENAI_API_KEY": "k"}
    assert getattr(read_settings(shared), role) == ModelSettings("n", "http://o", "k")
    elsewhere = {**shared, f"LATM_{role.upper()}_BASE_URL": "http://e"}
    assert getattr(read_settings(elsewhere), role) == ModelSettings("n", "http://e", None)


@pytest.mark.parametrize("role", ROLES)
def test_a_key_is_in_no_repr_and_is_told_as_set(role: Role):
    environ = {f"LATM_{role.upper()}_MODEL": "m", f"LATM_{role.upper()}_API_KEY": "secret"}
    assert "secret" not in repr(read_settings(environ))
    assert "secret" not in repr(told_settings(Layers(environment=environ)))


def test_a_wrong_address_of_any_role_is_told_and_the_rest_is_read():
    told = told_settings(
        Layers(environment={"LATM_USER_BASE_URL": "localhost:1", "LATM_MAKE_AT": "7", "LATM_QUEUE": "yes"})
    )
    faults = {row.name: row.fault for row in told.variables if row.fault}
    assert faults.keys() == {"LATM_USER_BASE_URL", "LATM_QUEUE"}
    assert (told.settings.make_at, told.settings.queue) == (7, False)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LATM_EXPOSURE", "all"),
        ("LATM_EXPOSURE_LIMIT", "-1"),
        ("LATM_EXPOSURE_LIMIT", "2.5"),
        ("LATM_WORKERS", "0"),
        ("LATM_WORKERS", "two"),
        ("LATM_CALL_SECONDS", "nan"),
        ("LATM_CALL_SECONDS", "inf"),
        ("LATM_CALL_CPU_SECONDS", "0"),
        ("LATM_MEMORY_MIB", "1"),
        ("LATM_OUTPUT_BYTES", "10"),
        ("LATM_ARGUMENT_BYTES", "1e12"),
        ("LATM_RECURSION", "1000000"),
        ("LATM_SANDBOX", "none"),
        ("LATM_ANSWER_WITHIN", "-1"),
        ("LATM_HOME", "~nobody_of_that_name/x"),
        ("LATM_QUEUE", "yes"),
        ("LATM_MAKE_AT", "1"),
        ("LATM_GROW_AT", "0"),
        ("LATM_GROW_AT", "2.5"),
        ("LATM_PUBLISH", "never"),
        ("LATM_DAILY_USD", "-1"),
        ("LATM_DAILY_USD", "nan"),
        ("LATM_KEEP_DAYS", "0"),
        ("LATM_ELICIT", "yes"),
    ],
)
def test_a_wrong_value_is_refused_by_name(name: str, value: str):
    with pytest.raises(BadInput, match=f"^{name} is '{value}'"):
        read_settings({"LATM_MAKER_MODEL": "m", name: value})


def test_what_is_no_address_is_refused_and_not_shown():
    """A key is easily put in the place of the address."""
    with pytest.raises(BadInput, match=r"^LATM_MAKER_BASE_URL is no address") as refused:
        read_settings({"LATM_MAKER_MODEL": "m", "LATM_MAKER_BASE_URL": "sk-meant-for-the-key"})
    assert "sk-" not in str(refused.value)


def test_every_limit_has_bounds_a_variable_and_a_field_of_its_own():
    assert (
        list(Limits.__dataclass_fields__)
        == list(LIMIT_BOUNDS)
        == list(LIMIT_VARIABLES)
        == list(OwnLimits.__dataclass_fields__)
    )


@pytest.mark.parametrize(
    ("given", "general", "expected"),
    [
        ({}, Limits(), Limits()),
        ({"seconds": 30.0}, Limits(), Limits(seconds=30, cpu_seconds=30)),
        ({"seconds": 30.0}, Limits(cpu_seconds=4), Limits(seconds=30, cpu_seconds=4)),
        ({"seconds": 30.0, "cpu_seconds": 5.0}, Limits(), Limits(seconds=30, cpu_seconds=5)),
        ({"cpu_seconds": 5.0}, Limits(), Limits(cpu_seconds=5)),
        ({"recursion": 100}, Limits(memory_mib=64), Limits(memory_mib=64, recursion=100)),
    ],
)
def test_own_limits_stand_over_the_general_ones(given: dict[str, float], general: Limits, expected: Limits):
    assert OwnLimits.of(given).over(general) == expected


@pytest.mark.parametrize(
    ("base_url", "address"),
    [
        (None, OPENAI),
        ("https://API.openai.com/v1/", OPENAI),
        ("http://ann:pass@h:1/v1?key=k#x", "http://h:1/v1"),
        ("http://[::1]:8/v1", "http://[::1]:8/v1"),
        ("https://api.openai.com/v1/../x", "https://api.openai.com/v1/../x"),
        ("https://x@elsewhere@api.openai.com/v1", UNREADABLE),
        ("https://elsewhere\\@api.openai.com/v1", UNREADABLE),
        ("https://api.openai.com /v1", UNREADABLE),
    ],
)
def test_the_address_that_a_key_is_for_has_nothing_secret_and_cannot_be_feigned(base_url: str | None, address: str):
    found = ModelSettings("m", base_url).address
    assert found == address if address != settings_models.UNREADABLE else found.startswith(address)
    assert settings_models.OPENAI == llm_endpoint.OPENAI


def test_addresses_that_cannot_be_read_for_certain_are_not_taken_for_each_other():
    one, other = "https://x@elsewhere@api.openai.com/v1", "https://y@elsewhere@api.openai.com/v1"
    assert ModelSettings("m", one).address == ModelSettings("m", one).address
    assert ModelSettings("m", one).address != ModelSettings("m", other).address
