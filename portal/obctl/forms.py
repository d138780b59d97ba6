"""HTML forms as a program sees them: where they go, what they hold, which buttons they have."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin


@dataclass(slots=True, kw_only=True)
class Control:
    """A field, box or button of a form; ``label`` is the text that a person reads beside it."""

    kind: str
    name: str
    value: str
    is_checked: bool = False
    id: str = ""
    label: str = ""


@dataclass(slots=True, kw_only=True)
class Form:
    """One form of a page."""

    action: str
    method: str
    controls: list[Control] = field(default_factory=list)

    def of_kind(self, *kinds: str) -> list[Control]:
        """Return the controls of these kinds, in the page's order."""
        return [control for control in self.controls if control.kind in kinds]

    def button(self, name: str, value: str) -> Control | None:
        """Return the submit button with this name and value, if there is one."""
        found = (each for each in self.of_kind("submit") if (each.name, each.value) == (name, value))
        return next(found, None)

    def submission(self, button: Control | None = None) -> list[tuple[str, str]]:
        """Return what a browser would send when ``button`` is pressed."""
        pairs = [
            (control.name, control.value)
            for control in self.controls
            if control.name
            and control.kind not in {"submit", "button", "reset", "image", "file"}
            and (control.kind not in {"checkbox", "radio"} or control.is_checked)
        ]
        if button is not None and button.name:
            pairs.append((button.name, button.value))
        return pairs


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page: its heading, its forms, the addresses that it links to."""

    title: str
    forms: Sequence[Form]
    links: Sequence[str]
    text: str


def read_page(html: str, *, url: str) -> Page:
    """Read a page that came from ``url``."""
    reader = _Reader(url)
    reader.feed(html)
    reader.close()
    for form in reader.forms:
        for control in form.controls:
            control.label = " ".join((control.label + " " + reader.labels.get(control.id, "")).split())
    return Page(
        title=" ".join(reader.title.split()),
        forms=reader.forms,
        links=reader.links,
        text=" ".join(reader.text.split()),
    )


class _Reader(HTMLParser):
    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url
        self.forms: list[Form] = []
        self.links: list[str] = []
        self.labels: dict[str, str] = {}
        self.title = ""
        self.text = ""
        self._form: Form | None = None
        self._label_for: str | None = None
        self._labelled: list[Control] = []
        self._select: Control | None = None
        self._area: Control | None = None
        self._is_in_title = False
        self._is_in_code = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in given:
            self.links.append(urljoin(self.url, given["href"]))
        elif tag == "form":
            self._form = Form(
                action=urljoin(self.url, given.get("action") or self.url), method=given.get("method", "get").lower()
            )
            self.forms.append(self._form)
        elif tag == "label":
            self._label_for, self._labelled = given.get("for", ""), []
        elif tag in {"title", "h1"}:
            self._is_in_title = not self.title
        elif tag in {"script", "style"}:
            self._is_in_code = True
        elif tag in {"input", "button", "select", "textarea"}:
            self._add(tag, given)
        elif tag == "option" and self._select is not None and ("selected" in given or not self._select.value):
            self._select.value = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "label":
            self._label_for, self._labelled = None, []
        elif tag in {"title", "h1"}:
            self._is_in_title = False
        elif tag in {"script", "style"}:
            self._is_in_code = False
        elif tag == "select":
            self._select = None
        elif tag == "textarea":
            self._area = None

    def handle_data(self, data: str) -> None:
        if self._is_in_code:
            return
        self.text += data + " "
        if self._is_in_title:
            self.title += data
        if self._area is not None:
            self._area.value += data
        if self._label_for:
            self.labels[self._label_for] = self.labels.get(self._label_for, "") + data
        for control in self._labelled:
            control.label += data

    def _add(self, tag: str, given: dict[str, str]) -> None:
        if self._form is None or "disabled" in given:
            return
        usual_kind = {"input": "text", "button": "submit"}.get(tag, tag)
        kind = given.get("type", usual_kind).lower() if tag in {"input", "button"} else tag
        control = Control(
            kind=kind,
            name=given.get("name", ""),
            value=given.get("value", "on" if kind in {"checkbox", "radio"} else ""),
            is_checked="checked" in given,
            id=given.get("id", ""),
        )
        self._form.controls.append(control)
        if self._label_for is not None:
            self._labelled.append(control)
        if tag == "select":
            self._select = control
        if tag == "textarea":
            self._area = control
