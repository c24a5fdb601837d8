"""What a model's reply costs in US dollars, from the price list that `genai-prices` brings along; nothing is fetched.

A price that is not known is assumed, and high: what may be spent in a day must hold for such a model too.
"""

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from latm_mcp.models import Usage

ASSUMED_IN, ASSUMED_OUT = 10.0, 30.0  # USD for a million tokens
MOST_TOKENS = 10**9  # of one row: a server may say any number
PER_MILLION = 1e-6


@dataclass(frozen=True, slots=True)
class Cost:
    """US dollars. assumed: the model's price is not known, and these are at the assumed one."""

    usd: float
    assumed: bool = False


def cost_of(usage: Usage, model: str, base_url: str | None = None, asked: str = "") -> Cost:
    """What these tokens cost; raises for nothing.

    model: as whoever replied names itself; asked: the name that it was asked by, for where that one is not known.
    base_url: of the endpoint, which tells the provider; None where that is not known. On this machine all is free.
    """
    if base_url is not None and on_loopback(base_url):
        return Cost(0.0)
    counted = Usage(tokens_in=_bounded(usage.tokens_in), tokens_out=_bounded(usage.tokens_out))
    # Behind a gateway that the list does not have, the model's own provider is the best guess.
    for url in (base_url, None) if base_url else (None,):
        for name in dict.fromkeys(filter(None, (model, asked))):
            listed = _listed(counted, name, url)
            if listed is not None:
                return Cost(listed)
    assumed = counted.tokens_in * ASSUMED_IN + counted.tokens_out * ASSUMED_OUT
    return Cost(assumed * PER_MILLION, assumed=True)


def on_loopback(base_url: str) -> bool:
    """Whether an address is this machine's own, where nobody is paid."""
    try:
        host = urlsplit(base_url).hostname or ""
        return host == "localhost" or host.endswith(".localhost") or ipaddress.ip_address(host).is_loopback
    except ValueError:  # a name, or no address at all
        return False


def load() -> None:
    """Import the price list, a quarter of a second, where that holds up nobody."""
    import genai_prices
    import genai_prices.data  # noqa: F401


def _listed(usage: Usage, name: str, base_url: str | None) -> float | None:
    """By the price list; None where it has no such model, or no price of its tokens."""
    import genai_prices  # here: a server that pays for nothing does not load it

    tokens = genai_prices.Usage(input_tokens=usage.tokens_in, output_tokens=usage.tokens_out)
    try:
        found = genai_prices.calc_price(tokens, name, provider_api_url=base_url)
    except (LookupError, ValueError):
        return None
    priced = found.model_price.input_mtok is not None or found.model_price.output_mtok is not None
    return float(found.total_price) if priced or name.endswith(":free") else None


def _bounded(tokens: int) -> int:
    return min(max(0, tokens), MOST_TOKENS)
