"""A server of ssh on loopback that lets in one key and runs what it is asked to.

    python -m tests.cli.sshd KEY

KEY is where the private key is written; what is printed is the port. What it has started is of its group.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys

import asyncssh


async def serve(file: str) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519")
    key.write_private_key(file)
    listening = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_host_keys=[asyncssh.generate_private_key("ssh-ed25519")],
        authorized_client_keys=asyncssh.import_authorized_keys(key.export_public_key().decode()),
        process_factory=obey,
        encoding=None,
    )
    print(listening.get_port(), flush=True)  # noqa: T201 -- for whoever started it
    await listening.wait_closed()


async def obey(process: asyncssh.SSHServerProcess[bytes]) -> None:
    pipe = subprocess.PIPE
    begun = await asyncio.create_subprocess_shell(
        process.command or "exit 1", stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT
    )
    await process.redirect(stdin=begun.stdin, stdout=begun.stdout)
    process.exit(await begun.wait())


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1]))
