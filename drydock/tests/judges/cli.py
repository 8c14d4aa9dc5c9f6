"""The AWS CLI, run within this process: starting Python anew for each command
would take most of a test's time.
"""

import contextlib
import io
import json
from dataclasses import dataclass

from awscli.clidriver import create_clidriver


@dataclass(frozen=True)
class Done:
    """How a command ended, and what it said."""

    code: int
    said: str
    complained: str


def run(*words):
    """`aws rds …`, whatever comes of it."""
    said, complained = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(complained):
        code = create_clidriver().main(["rds", *words, "--output", "json"])
    return Done(code, said.getvalue(), complained.getvalue())


def aws(*words):
    """`aws rds …`, and its answer."""
    done = run(*words)
    if done.code:
        raise AssertionError(f"aws rds {' '.join(words)} ended with {done.code}: {done.complained}")
    return json.loads(done.said) if done.said.strip() else None
