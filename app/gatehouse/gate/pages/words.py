"""What the pages say for each reason. A reason that is not listed gets the last word of its table."""

from __future__ import annotations

from typing import NamedTuple


class Words(NamedTuple):
    """A heading, and a sentence or two below it."""

    title: str
    text: str


ENDED = {
    "signed-out": Words("You are signed out", "Thank you, and see you soon."),
    "idle": Words(
        "You were signed out", "Nothing happened here for a while, so we closed your session to keep it safe."
    ),
    "absolute": Words(
        "Please sign in again", "You have been signed in for long enough that we ask you to confirm it is you."
    ),
    "reauth": Words("Please sign in again", "From time to time we ask you to confirm that it is you."),
    "operator": Words("You were signed out", "The people who run this app closed your session. You can sign in again."),
    "provider": Words("You were signed out", "You signed out somewhere else, and that counts here too."),
    "disabled": Words(
        "You were signed out",
        "Your account could not be confirmed any more. If that surprises you, ask the person who looks after accounts.",
    ),
    "denied": Words(
        "This app is no longer open to you",
        "What your account may do has changed. If that surprises you, ask the person who looks after accounts.",
    ),
    "replaced": Words("You were signed out here", "You signed in again in this browser, so the earlier session ended."),
    "cap": Words("You were signed out here", "You are signed in at many places, so we closed the oldest."),
    "restart": Words("Please sign in again", "The app was restarted. Nothing that you saved is lost."),
    "": Words("You are signed out", "Sign in to go on."),
}

FAILED = {
    "unknown-attempt": Words(
        "That took a little long", "The sign-in was not finished in time, or began in another browser."
    ),
    "used": Words("This sign-in was used before", "Each sign-in works once. Perhaps you went back in your browser."),
    "refused-by-provider": Words(
        "You were not signed in", "The sign-in was cancelled or refused. Nothing has changed."
    ),
    "logged-out": Words("You signed out meanwhile", "A sign-out came in while you were signing in, and it counts."),
    "": Words("The sign-in did not work", "The answer that came back could not be trusted, so we stopped here."),
}

REFUSED = {
    "401": Words("Sign in first", "What you asked for is for people who have signed in."),
    "403": Words("Not from there", "This request came from another site, so it was not carried out."),
    "404": Words(
        "Nothing here", "There is nothing at this address, or it is not yours to see. Files last as long as their page."
    ),
    "": Words("This request was refused", "It is not one that can be answered here."),
}
