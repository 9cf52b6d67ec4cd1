"""What `statistics` may spend before it says what it has so far."""

from dataclasses import dataclass

from compmech.validation import check_count


@dataclass(frozen=True, kw_only=True)
class Budget:
    """Limits of a search. What was found before one is reached is kept, as a bound or with the reason for its lack.

    Attributes:
        max_states: mixed states looked at, for the causal states, those of the reverse and the transient ones each.
        max_words: numbers in the matrices of all words looked at, where a quantity is bounded by means of words; of
            generalised processes, whose words say less, a sixteenth of it in words of one length.
        max_entries: numbers in the labelled matrices that a machine given by a table is turned into.
        max_length: length of the longest words whose entropies are reported.
    """

    max_states: int = 3000
    max_words: int = 1_000_000
    max_entries: int = 10_000_000
    max_length: int = 10

    def __post_init__(self) -> None:
        for name in ("max_states", "max_words", "max_entries"):
            if check_count(getattr(self, name), name) < 1:
                raise ValueError(f"{name} must be >= 1; got {getattr(self, name)}")
        check_count(self.max_length, "max_length")

    def unproved(self, what: str) -> str:
        """Why a number of states is missing."""
        return (
            f"not computed: no finite set of {what} found within max_states = {self.max_states}, and no proof that "
            "there is none"
        )


DEFAULT = Budget()
