"""Sorting words by their characters' codes, as BIG-Bench's word_sorting asks it, and in two other wordings."""

import random

from latm_mcp.models import Example

DESCRIPTION = "Sort words alphabetically."

DICTIONARY = """
abacus abbey acorn acrobat adobe agate airfield alcove almanac amber anchor anchovy anvil apron aqueduct arbor archive
armchair ashen atlas attic awning axle badger bagel balcony ballast bamboo banjo barley barnacle basil basin bassoon
bayou beacon beaker bedrock beeswax bellows bicycle bilberry birch biscuit blanket blizzard bobbin boulder bramble
brass bridle brisk brooch bucket buckle bugle burlap butter cabin cactus calico camel candle canoe canvas caravan
cashew castle catalog cedar celery cellar chalk chapel charcoal chestnut chimney chisel cider cinder cinnamon cistern
clarinet clay clover cobalt cobble cocoa compass copper coral cork corridor cotton cradle crater crayon cricket crystal
cupboard cymbal dagger dahlia dairy damask dawn decade delta denim depot desert dinghy dolphin domino doorbell dragonfly
drizzle dune dusk eagle easel eclipse elbow elder elm ember emblem enamel engine epoch estuary fable falcon fathom
feather fennel fern ferry fiddle filament flannel flask flint flute foghorn foliage fossil foundry foxglove freckle
frigate frost gable gallop garnet gazelle geyser ginger glacier glimmer goblet granary granite gravel griddle grove
gully gypsum hamlet hammock harbor harness harp hatchet hazel hearth heather hedge helmet hemlock heron hickory hinge
hollow hornet hourglass hyacinth icicle igloo indigo inkwell iris island ivory jacket jackdaw jade jasmine jetty jigsaw
juniper kayak keel kelp kennel kernel kettle keyhole kiln kindling kite knapsack knot lacquer ladder lagoon lantern larch
lattice laurel lavender ledger lemonade lichen lilac limestone linen lintel locket loft loom lumber lynx magnet magpie
mahogany mallet mandolin maple marble marigold marsh meadow medal mercury meteor mildew millet mirror mitten monsoon
moraine mortar mosaic moss muslin mustard nacre narrow nectar needle nettle nickel nomad nutmeg oarlock oasis obelisk
ocean ochre olive onyx opal orchard oregano osprey otter oyster paddle pagoda parasol parchment parsley pasture pebble
pelican pendulum pepper pewter pigeon pillow pine pistachio plateau plaza pluck plumage pocket pollen poplar porcelain
porch prairie prism propeller puddle pulley pumice quarry quartz quay quill quilt quiver radish rafter raisin rampart
ravine reed reef resin ribbon ridge ripple rivet rosemary rowboat rudder russet saddle saffron sail salmon sandal
sapling satchel satin sawdust scarf schooner seagull sesame shale shingle shutter sickle silo skylark slate sleet
sorrel spade spindle spruce stable steeple stencil stirrup sundial swallow tabard talon tambourine tapestry tassel
teapot thatch thicket thimble thistle thyme timber tinder topaz torch trellis trident trowel tulip tundra turnip turret
tweed umber unicorn upland urn valley vanilla varnish vellum velvet veranda vessel viaduct vinegar violet walnut walrus
wander warbler waterfall weasel wharf wheat whistle wicker willow windmill wisteria wren yarrow yeast yonder zephyr zinc
zither
"""

# The characters that sort before the letters, so that a tool which strips them is caught.
ODDITIES = """
b&b h&m m&m p&l q&a s&p don't isn't he'd it's o'brien o'hara ma'am who'll you'll she's let's ne'er co-op e-mail t-shirt
x-ray by-law hi-fi re-use mother-in-law 3d 4x4 7up b12 h2o mp3 24-hour 2nd
"""
WORDS = DICTIONARY.split()
ODD_WORDS = ODDITIES.split()


def generate(rng: random.Random) -> Example:
    """A question with 2 to 25 distinct lower-case words; the answer keeps the question's separator."""
    words = pick_words(rng, rng.randint(2, 25))
    wording, separator = pick_wording(rng)
    question = wording.format(separator.join(words))
    return Example(question=question, answer=separator.join(sorted(words)), standing="confirmed")


def pick_words(rng: random.Random, count: int) -> list[str]:
    """`count` distinct words, each an odd one with a chance of one in 25."""
    chosen: list[str] = []
    while len(chosen) < count:
        word = rng.choice(ODD_WORDS if rng.random() < 0.04 else WORDS)
        if word not in chosen:
            chosen.append(word)
    return chosen


def pick_wording(rng: random.Random) -> tuple[str, str]:
    """A wording with one gap for the words, and what stands between them: three in four as in BIG-Bench."""
    kind = rng.random()
    if kind < 0.75:
        return "Sort the following words alphabetically: List: {}", " "
    if kind < 0.9:
        return "Sort these words alphabetically: {}", ", "
    return "Put these words in alphabetical order: {}", " "
