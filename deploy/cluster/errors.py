"""What stops a word. Each line names what is wrong and what mends it."""

from __future__ import annotations


class ClusterError(Exception):
    """The word ends here. `problems`: one line each, the cause first."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems
