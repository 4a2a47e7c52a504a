"""A mail server for the tests, until its standard input closes.

It prints its port, then each mail that it takes as a line of JSON. Recipients are refused by the beginning of their names.
"""

import asyncio
import base64
import json
import sys

from aiosmtpd.smtp import SMTP


class Handler:
    def __init__(self):
        self.refused = set()

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith('absente'):
            return f'550 5.1.1 <{address}>: no such user'
        if address.startswith('interdite'):
            return '550 5.7.1 relaying denied'
        if address.startswith('pleine') and address not in self.refused:
            self.refused.add(address)
            return '452 4.2.2 mailbox full'
        envelope.rcpt_tos.append(address)
        return '250 2.1.5 OK'

    async def handle_DATA(self, server, session, envelope):
        source = base64.b64encode(envelope.content).decode()
        taken = {'sender': envelope.mail_from, 'recipients': envelope.rcpt_tos, 'source': source}
        print(json.dumps(taken), flush=True)
        return '250 2.0.0 OK'


async def main():
    handler = Handler()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(handler, hostname='mx.exemple.fr'), '127.0.0.1', 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)


asyncio.run(main())
