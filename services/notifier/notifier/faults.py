"""What may be logged of an error in a service that handles names and addresses."""

import traceback


def of(error: BaseException) -> dict[str, str]:
    """An error's class and where it arose. Its words may quote a name or an address."""
    way = ((str(frame.f_globals.get("__name__")), line) for frame, line in traceback.walk_tb(error.__traceback__))
    return {
        "error": f"{type(error).__module__}.{type(error).__qualname__}",
        "at": " > ".join(f"{module}:{line}" for module, line in way if module.startswith("notifier.")),
    }
