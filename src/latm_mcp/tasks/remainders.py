"""The Chinese remainder theorem told with fruit and animals, as the paper and BIG-Bench's neighbour tasks ask it."""

import math
import random

from latm_mcp.models import Example

DESCRIPTION = "Find how many things there are from what is left over when they are divided among groups."

CONTAINERS = "basket barrel warehouse wagon crate jar cellar barge silo sack truck box cart hold tray"
FRUITS = """
cherries figs plums quinces lychees guavas grapes mulberries blueberries cranberries dates olives nectarines tangerines
pomelos gooseberries currants mangosteens persimmons chestnuts apples pears bananas
"""
EATERS = """
otters beavers giraffes zebras camels goats ducks rabbits squirrels wolves foxes badgers llamas koalas turtles walruses
children sailors people monkeys bears parrots hedgehogs donkeys
"""


def generate(rng: random.Random) -> Example:
    """2 to 4 divisors that share no factor, a limit of 10^3 to 10^12 and one number below it that fits."""
    divisors = pick_divisors(rng)
    product = math.prod(divisors)
    answer = rng.randint(max(2, product // 100), product - 1)
    limit = product if rng.random() < 0.7 else rng.randint(answer, product)
    fruit, container = rng.choice(FRUITS.split()), rng.choice(CONTAINERS.split())
    divisions = "; ".join(
        f"if we divide them equally among {divisor} {rng.choice(EATERS.split())}, we have {answer % divisor} left"
        for divisor in divisors
    )
    question = (
        f"There is a {container} of no more than {limit} {fruit}. {divisions[0].upper()}{divisions[1:]}. "
        f"How many {fruit} are in the {container}?"
    )
    return Example(question=question, answer=str(answer), standing="confirmed")


def pick_divisors(rng: random.Random) -> list[int]:
    """Pairwise coprime divisors above 2, rising, whose product lies between 10^3 and 10^12."""
    count = rng.choice((2, 3, 3, 3, 4))
    while True:
        size = 10 ** rng.uniform(3.2, 12)
        typical = size ** (1 / count)
        divisors = sorted(rng.randint(max(3, int(typical / 4)), max(5, int(typical * 2))) for _ in range(count))
        if math.lcm(*divisors) == math.prod(divisors) and 10**3 <= math.prod(divisors) <= 10**12:
            return divisors
