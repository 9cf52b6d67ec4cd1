"""The command `compmech`: the one place that parses arguments, makes generators from seeds, picks threads, reads,
writes and prints.

Exit status: 0 done; 1 the run failed; 2 wrong use or unreadable input; 130 after Ctrl-C. Whatever goes wrong is said in
one line. The upper floors (predictors, probes) are imported by the commands that need them, when they run.
"""

import os
import signal
import sys
from collections.abc import Sequence

import typer
from typer.exceptions import TyperException

from compmech.cli.comparing import add_comparing_commands
from compmech.cli.describing import add_describing_commands
from compmech.cli.diverging import add_diverging_commands
from compmech.cli.drawing import add_drawing_commands
from compmech.cli.editing import add_editing_commands
from compmech.cli.extracting import add_extracting_commands
from compmech.cli.failure import INTERRUPTED, Failed, Misused, Stopped
from compmech.cli.figuring import add_figuring_commands
from compmech.cli.inferring import add_inferring_commands
from compmech.cli.listing import add_listing_commands
from compmech.cli.real_data import add_data_commands
from compmech.cli.reporting import add_reporting_commands
from compmech.cli.runs import add_run_commands
from compmech.cli.stopping import stopped_once
from compmech.cli.training import add_training_commands
from compmech.cli.watching import add_watching_commands

__all__ = ["main"]

app = typer.Typer(
    name="compmech",
    help="Processes, their statistics, and predictors compared by the belief states that they carry.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
add_describing_commands(app)
add_diverging_commands(app)
add_drawing_commands(app)
add_comparing_commands(app)
add_training_commands(app)
add_watching_commands(app)
add_extracting_commands(app)
add_editing_commands(app)
add_inferring_commands(app)
add_data_commands(app)
add_listing_commands(app)
add_figuring_commands(app)
add_run_commands(app)
add_reporting_commands(app)


@app.callback(invoke_without_command=True)
def _root(
    version: bool = typer.Option(False, "--version", help="Print the version and stop."),
) -> None:
    if version:
        from importlib.metadata import version as installed

        print(f"compmech {installed('belief-geometry')}")
        raise typer.Exit


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit status."""
    with stopped_once():
        sys.exit(_status(list(sys.argv[1:] if arguments is None else arguments)))


def _status(arguments: list[str]) -> int:
    try:
        outcome = app(args=arguments, prog_name="compmech", standalone_mode=False)
        sys.stdout.flush()
    except TyperException as error:
        context = getattr(error, "ctx", None)
        return _say(f"{error.format_message()} (see {context.command_path if context else 'compmech'} --help)", 2)
    except (KeyboardInterrupt, typer.Abort):
        return _interrupted()
    except Stopped as error:
        return _say(str(error), error.status)
    except Misused as error:
        return _say(str(error), 2)
    except Failed as error:
        return _say(str(error), 1)
    except BrokenPipeError:
        # the reader of our output has gone; without this Python complains once more while closing it
        _discard_output()
        return 0
    except OSError as error:
        _discard_output()
        place = f"{error.filename}: " if error.filename else "cannot write to standard output: "
        return _say(f"{place}{error.strerror or error}", 1)
    except SystemExit as stopped:
        if isinstance(stopped.code, int) and stopped.code > 128:
            return _say(f"stopped by {signal.Signals(stopped.code - 128).name}; nothing was written", stopped.code)
        raise
    # some versions of typer turn Ctrl-C into this status, without a word
    return _interrupted() if outcome == INTERRUPTED else int(outcome or 0)


def _discard_output() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _interrupted() -> int:
    return _say("stopped by Ctrl-C; nothing was written", INTERRUPTED)


def _say(message: str, status: int) -> int:
    print(f"compmech: {' '.join(message.split())}", file=sys.stderr)
    return status
