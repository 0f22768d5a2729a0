"""Who may call a route: every view says so beside its address, and a route that says nothing is not served."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from shared.scopes import Scope

View = TypeVar("View", bound=Callable[..., Any])
_ATTRIBUTE = "access"


@dataclass(frozen=True, slots=True)
class Access:
    """What opens a route: any one of these scopes, or nothing at all where it is public."""

    scopes: tuple[Scope, ...] = ()

    @property
    def is_public(self) -> bool:
        """Whether everybody may call the route."""
        return not self.scopes


def needs(scope: Scope, *others: Scope) -> Callable[[View], View]:
    """Open the view to keys with this scope, or with one of the others."""
    return _mark(Access((scope, *others)))


def public(view: View) -> View:
    """Open the view to everybody: it shows nothing of anybody's texts."""
    return _mark(Access())(view)


def get_access(view: Callable[..., Any]) -> Access:
    """Return what a view has declared.

    Raises:
        AttributeError: nothing; better not served than open by mistake.
    """
    return cast(Access, getattr(view, _ATTRIBUTE))


def _mark(access: Access) -> Callable[[View], View]:
    def mark(view: View) -> View:
        setattr(view, _ATTRIBUTE, access)
        return view

    return mark
