"""What an entry of the troubleshooting table is; the tables beside it are written with it."""

from __future__ import annotations

from ...core.records import dataclass

ANY = "…"  # in a message: whatever stands there from case to case


@dataclass(frozen=True, kw_only=True)
class Entry:
    """Something that goes wrong: how it reads, what it means and what to do.

    ``word`` is what ``ssm explain`` takes. ``ours`` are messages of this tool and its engine, ``theirs`` those of
    others; an ellipsis in one stands for any text. ``statuses`` are exit statuses, of ``ssm`` or of the code.
    ``also`` are more words by which it is found, ``page`` is the page about it, ``sources`` say who told us.
    ``is_plain`` is for messages that say all that there is to do, so that none of them points to its entry;
    ``is_frame`` for messages that stand around the one that says what happened, whose entry comes first.
    """

    word: str
    title: str
    ours: tuple[str, ...] = ()
    theirs: tuple[str, ...] = ()
    statuses: tuple[int, ...] = ()
    means: str
    do: tuple[str, ...]
    also: str = ""
    page: str = ""
    sources: tuple[str, ...] = ()
    is_plain: bool = False
    is_frame: bool = False

    @property
    def messages(self) -> tuple[str, ...]:
        """All messages, whoever prints them."""
        return self.ours + self.theirs
