"""The commands in the pages for shops and suppliers do what the pages say, in their order, as a reader runs them."""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from deploy.local import demo, demo_world, ports
from deploy.local.system import Options, System
from tests import builders, servers

CHECKOUT = Path(__file__).parents[2]
PAGES = CHECKOUT / "docs" / "api"
BLOCK = re.compile(r"^```bash\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HOME = "http://127.0.0.1:8080"

PATIENCE_S = 120
"""A page waits for what it asks for: for ever, when that never comes."""

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="the pages' commands are curl's")


@pytest.fixture(scope="module")
async def with_demo(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: servers.Database, migrated: str
) -> AsyncIterator[httpx.AsyncClient]:
    """A system as `sluice up` leaves it to whoever reads on."""
    async with servers.clone(postgres_server.dsn, migrated) as dsn:
        system = System(Options(tmp_path_factory.mktemp("written"), ports.free_port(), postgres=dsn))
        await system.start()
        try:
            async with httpx.AsyncClient(base_url=system.address, timeout=30, trust_env=False) as client:
                yield client
        finally:
            await system.stop()


async def run(page: str, address: str) -> str:
    """What the commands of a page print, when they all work."""
    commands = "".join(BLOCK.findall((PAGES / page).read_text())).replace(HOME, address)
    assert address in commands
    shell = await asyncio.create_subprocess_exec(
        *("bash", "-eu", "-o", "pipefail", "-x", "-c", commands),
        cwd=CHECKOUT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(PATIENCE_S):
            printed, traced = await shell.communicate()
    finally:
        if shell.returncode is None:
            shell.kill()
            await shell.wait()
    assert shell.returncode == 0, traced.decode()[-2_000:] + printed.decode()[-2_000:]
    return printed.decode()


async def test_the_page_for_shops_works_from_its_first_command_to_its_last(with_demo: httpx.AsyncClient) -> None:
    printed = await run("retailers.md", str(with_demo.base_url).rstrip("/"))
    for told in ("teltta-helsinki", '"WEB-1001"', '"Ring the bell"', '"Rantatie 5"', '"Cancelled"', '"WEB-1002"'):
        assert told in printed


async def test_the_page_for_suppliers_works_from_its_first_command_to_its_last(with_demo: httpx.AsyncClient) -> None:
    shop = await demo.token(with_demo, demo_world.NORDIC)
    order = (CHECKOUT / "docs" / "examples" / "order-v2.json").read_bytes()
    (await with_demo.put("/v2/orders", content=order, headers=shop)).raise_for_status()
    supplier = await demo.token(with_demo, demo_world.BOOTS)
    created = {"status": "Created"}
    await builders.eventually(
        lambda: with_demo.get("/ecommerce/v3/shipments", params=created, headers=supplier),
        lambda answer: answer.json()["page"]["totalElements"] > 0,
    )
    printed = await run("suppliers.md", str(with_demo.base_url).rstrip("/"))
    for told in (demo_world.NORDIC.business_id, '"Delivered"', "[]"):
        assert told in printed
