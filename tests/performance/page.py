"""What Streamlit's page says on its websocket, and how it knows that a script has ended."""

from __future__ import annotations

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

_FINISHED_BYTES = 64
"""`script_finished` is far smaller; larger messages are not looked into."""


class Page:
    """The state of one open tab."""

    def __init__(self, origin: str, name: str = "") -> None:
        """Args: origin: of the app, which the page tells the script. name: of the page, as in its address."""
        self._origin, self._name = origin, name
        self._slider: str | None = None
        self._count = 0

    def run(self) -> bytes:
        """The message that has the script run; each time the slider has moved, once it is known."""
        message = BackMsg()
        state = message.rerun_script
        state.query_string = ""
        state.page_name = self._name
        state.context_info.url = f"{self._origin}/{self._name}"
        state.context_info.timezone = "Europe/Vienna"
        state.context_info.timezone_offset = -60
        state.context_info.locale = "en-GB"
        state.context_info.color_scheme = "light"
        if self._slider:
            self._count += 1
            widget = state.widget_states.widgets.add(id=self._slider)
            widget.double_array_value.data.append(self._count % 100)
        data: bytes = message.SerializeToString()
        return data

    def look(self, data: bytes) -> None:
        """Look for the slider in what the script shows."""
        message = ForwardMsg.FromString(data)
        if message.delta.new_element.HasField("slider"):
            self._slider = message.delta.new_element.slider.id


def finished(data: bytes) -> bool:
    """Whether this says that the script has run to its end, which must be a good one."""
    if len(data) > _FINISHED_BYTES:
        return False
    message = ForwardMsg.FromString(data)
    if message.WhichOneof("type") != "script_finished":
        return False
    # Anything but success would be a script that does less than it should.
    assert message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY
    return True
