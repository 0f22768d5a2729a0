"""Keeps a service without keys from listening where other machines can reach it."""

from collections.abc import Iterable

from sqlalchemy.exc import SQLAlchemyError

from shared.database import Database
from shared.errors import SettingsError
from shared.loopback import is_loopback_host
from shared.queries import keys
from shared.settings import Settings

REFUSAL = (
    "还没有密钥，服务只能在本机监听，不能在 {host} 上监听：请先运行 bin/sentiq-admin keys create --tenant 名称；"
    "或设置 SENTIQ_AUTH=keys，先启动（拒绝一切调用）后创建；或改回 SENTIQ_HOST=127.0.0.1 / "
    "There are no keys, and without them the service may listen on this machine only, not on {host}: "
    "run `bin/sentiq-admin keys create --tenant NAME` first; or set SENTIQ_AUTH=keys to start closed and make keys "
    "later; or go back to SENTIQ_HOST=127.0.0.1."
)
UNCERTAIN = (
    "无法从数据库得知是否已有密钥（{error}），因此不在 {host} 上监听：请检查 SENTIQ_DATABASE_URL 并运行 make migrate，"
    "或设置 SENTIQ_AUTH=keys / "
    "The database does not tell whether there are keys ({error}), so the service does not listen on {host}: "
    "check SENTIQ_DATABASE_URL and run `make migrate`, or set SENTIQ_AUTH=keys."
)


def refuse_open_exposure(settings: Settings, hosts: Iterable[str]) -> None:
    """Let a service start that asks for keys, or that listens on loopback addresses only.

    Raises:
        SettingsError: others could reach it, and there is no key, or nobody can tell.
    """
    exposed = [host for host in hosts if not is_loopback_host(host)]
    if settings.auth == "keys" or not exposed:
        return
    database = Database(settings.resolved_database_url)
    try:
        with database.reading() as session:
            has_keys = keys.has_any(session)
    except SQLAlchemyError as err:
        raise SettingsError(UNCERTAIN.format(host=exposed[0], error=type(err).__name__)) from err
    finally:
        database.close()
    if not has_keys:
        raise SettingsError(REFUSAL.format(host=exposed[0] or "0.0.0.0"))  # noqa: S104  shown, not bound to
