"""What a model's tokens cost: by the price list where it knows the model, nothing on this machine, else assumed and so said."""

import subprocess
import sys

import pytest

from latm_mcp.models import Usage
from latm_mcp.prices import ASSUMED_IN, ASSUMED_OUT, Cost, cost_of, on_loopback

MILLION = Usage(tokens_in=1_000_000, tokens_out=1_000_000, replies=1)
ASSUMED = Cost(ASSUMED_IN + ASSUMED_OUT, assumed=True)


@pytest.mark.parametrize(
    ("model", "base_url"),
    [
        ("gpt-4o", "https://api.openai.com/v1"),
        ("gpt-4o-2024-08-06", "https://api.openai.com/v1"),
        ("openai/gpt-4o", "https://openrouter.ai/api/v1"),
        ("gpt-4o", "https://gateway.example.com/v1"),  # the list does not have this provider: the model's own
        ("gpt-4o", None),
    ],
)
def test_a_known_model_costs_what_the_list_says(model: str, base_url: str | None):
    assert cost_of(MILLION, model, base_url) == Cost(pytest.approx(12.5))  # 2.50 in, 10 out


def test_tokens_in_and_out_have_their_own_prices():
    assert cost_of(Usage(tokens_in=2000), "gpt-4o").usd == pytest.approx(0.005)
    assert cost_of(Usage(tokens_out=100), "gpt-4o").usd == pytest.approx(0.001)


@pytest.mark.parametrize("model", ["my-own-7b", "", "gpt-99", "ünbekannt\n", "x" * 5000])
@pytest.mark.parametrize("base_url", [None, "https://api.openai.com/v1", "https://[broken", "no address"])
def test_an_unknown_model_costs_an_assumed_price(model: str, base_url: str | None):
    assert cost_of(MILLION, model, base_url) == ASSUMED


def test_a_model_that_names_itself_unknown_is_priced_by_the_name_it_was_asked_by():
    assert cost_of(MILLION, "deployment-7", "https://gateway.example.com/v1", asked="gpt-4o") == Cost(
        pytest.approx(12.5)
    )


@pytest.mark.parametrize(
    "base_url",
    [
        "http://localhost:11434/v1",
        "http://127.0.0.1:8080",
        "http://127.5.4.3/v1",
        "http://[::1]:80/v1",
        "http://a.localhost",
    ],
)
def test_what_is_served_on_this_machine_is_free(base_url: str):
    assert cost_of(MILLION, "gpt-4o", base_url) == Cost(0.0)


@pytest.mark.parametrize(
    "base_url",
    ["http://127.0.0.1.example.com/v1", "http://localhost.example.com", "http://192.168.1.5/v1", "http://[::2]/"],
)
def test_what_only_looks_like_this_machine_is_not(base_url: str):
    assert not on_loopback(base_url)
    assert cost_of(MILLION, "my-own-7b", base_url) == ASSUMED


@pytest.mark.parametrize("tokens", [-5, 10**30])
def test_any_number_of_tokens_that_a_server_says_has_a_price(tokens: int):
    usage = Usage(tokens_in=tokens, tokens_out=tokens)
    assert 0 <= cost_of(usage, "gpt-4o").usd < 1e6
    assert 0 <= cost_of(usage, "my-own-7b").usd < 1e6


def test_a_listed_model_without_a_price_of_tokens_is_not_taken_for_free():
    assert cost_of(MILLION, "tts-1", "https://api.openai.com/v1") == ASSUMED
    assert cost_of(MILLION, "gemma-3-27b-it:free", "https://openrouter.ai/api/v1") == Cost(0.0)


def test_the_list_is_not_loaded_until_something_is_paid_for():
    program = (
        "import sys, latm_mcp.latm_spending, latm_mcp.latm, latm_mcp.prices as p; from latm_mcp.models import Usage;"
        "p.cost_of(Usage(tokens_in=1), 'x', 'http://localhost/v1'); assert 'genai_prices' not in sys.modules;"
        "p.cost_of(Usage(tokens_in=1), 'x'); assert 'genai_prices' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
