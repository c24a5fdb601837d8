"""The arguments that every command has: the library's folder, the settings file, and settings for this run."""

import argparse

# Where `--set` is gathered: before the command, behind it, behind its own command. In one list, each would displace the one before.
SETS = ("set_before", "set_behind", "set_last")


def add_common(parser: argparse.ArgumentParser, sets: str, *, shown: bool = True) -> None:
    """Add them. sets: one of SETS; shown: whether they are in the help."""

    def help_of(text: str) -> str:
        return text if shown else argparse.SUPPRESS

    # SUPPRESS: given before the command, it must not be reset by the command's own default.
    home = help_of("the library's folder, instead of LATM_HOME")
    parser.add_argument("--home", metavar="DIR", default=argparse.SUPPRESS, help=home)
    config = help_of("the settings file, instead of LATM_CONFIG")
    parser.add_argument("--config", metavar="FILE", default=argparse.SUPPRESS, help=config)
    given = help_of("a setting for this run, as in `latm-mcp config`; may be given again")
    parser.add_argument(
        "--set", metavar="NAME=VALUE", dest=sets, action="append", default=argparse.SUPPRESS, help=given
    )
