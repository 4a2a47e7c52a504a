"""In the place of replication-manager and ProxySQL: has one MariaDB lead and the others follow it, elects another one when
it has died, and forwards connections to whichever leads.

    manager.py CONFIG
"""
import asyncio
import contextlib
import json
import os
import pathlib
import sys

# Seconds between two looks, and looks without an answer after which a leader counts as dead.
LOOK, PATIENCE = 1, 3


class Server:
    def __init__(self, address, password):
        self.host, _, self.port = address.rpartition(':')
        self.host, self.password = self.host.strip('[]'), password

    async def sql(self, text):
        """Rows of the last statement, as texts."""
        command = ['mariadb', '--no-defaults', '--protocol=tcp', f'--host={self.host}', f'--port={self.port}',
                   '--user=manager', '--connect-timeout=2', '--batch', '--skip-column-names', '--execute', text]
        client = await asyncio.create_subprocess_exec(
            *command, env={**os.environ, 'MYSQL_PWD': self.password},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE)
        try:
            out, error = await asyncio.wait_for(client.communicate(), 15)
        except asyncio.TimeoutError:
            client.kill()
            raise OSError(f'{self.port} does not answer')
        if client.returncode:
            raise OSError(f'{self.port}: {error.decode().strip()}')
        return [line.split('\t') for line in out.decode().splitlines()]

    async def status(self, name):
        """A column of `show slave status`, or nothing where it follows nobody."""
        rows = await self.sql(f"select variable_value from information_schema.global_status where variable_name = '{name}'")
        return rows[0][0] if rows else None

    async def position(self):
        """Sequence number that it has applied."""
        (text,), = await self.sql("select concat_ws(',', @@gtid_slave_pos, @@gtid_binlog_pos)")
        return max([int(one.split('-')[2]) for one in text.split(',') if one.startswith('1-')], default=0)

    async def lead(self):
        semisync = (await self.sql('select @@rpl_semi_sync_slave_enabled'))[0][0]
        await self.sql(f'stop slave; reset slave all; set global rpl_semi_sync_master_enabled = {semisync}; '
                       'set global read_only = 0')

    async def follow(self, leader):
        await self.sql(
            f"set global read_only = 1; set global rpl_semi_sync_master_enabled = 0; stop slave; change master to "
            f"master_host = '{leader.host}', master_port = {leader.port}, master_user = 'repl', "
            f"master_password = '{self.password}', master_use_gtid = slave_pos, master_connect_retry = 1, "
            f'master_heartbeat_period = 1; start slave')

    async def databases(self, wanted):
        """Makes what shared instances asked for, on every server by itself."""
        for one in wanted:
            await self.sql(
                f"set sql_log_bin = 0; create database if not exists `{one['name']}` character set {one['charset']}; "
                f"create user if not exists `{one['user']}`@'%' identified by '{self.password}'; "
                f"grant all on `{one['name']}`.* to `{one['user']}`@'%'")


class Manager:
    def __init__(self, config):
        self.config, self.state = config, pathlib.Path(config['state'])
        self.servers = [Server(address, config['password']) for address in config['servers']]
        self.leader = self.servers[int(self.state.read_text())] if self.state.exists() else self.servers[0]
        self.ready, self.silent, self.connections, self.known = False, 0, set(), set()

    async def look(self):
        try:
            (read_only,), = await self.leader.sql('select @@read_only')
            self.silent = 0
            if read_only == '1':
                await self.leader.lead()
        except OSError:
            self.silent += 1
            if self.config['automatic'] and self.silent > PATIENCE:
                await self.elect()
            return
        for server in self.servers:
            try:
                if server not in self.known:
                    await server.databases(self.config['databases'])
                running = await server.status('Slave_running')
                if server is not self.leader and running != 'ON':
                    await server.follow(self.leader)
                self.known.add(server)
            except OSError as error:
                self.known.discard(server)
                print(error, flush=True)
        self.ready = self.leader in self.known

    async def elect(self):
        """The one that has most leads, once it has applied what it was sent."""
        found = []
        for server in self.servers:
            with contextlib.suppress(OSError):
                if server is not self.leader:
                    await server.sql('stop slave io_thread')
                    for _ in range(20):
                        await asyncio.sleep(0.1)
                    found.append((await server.position(), server))
        if not found:
            return
        self.leader = max(found, key=lambda one: one[0])[1]
        await self.leader.lead()
        self.state.write_text(str(self.servers.index(self.leader)))
        for server in self.servers:
            with contextlib.suppress(OSError):
                if server is not self.leader:
                    await server.follow(self.leader)
        for writer in list(self.connections):
            writer.transport.abort()
        self.silent = 0
        print(f'{self.leader.port} leads', flush=True)

    async def forward(self, reader, writer):
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            if not self.ready:
                return writer.close()
            there, back = await asyncio.open_connection(self.leader.host, int(self.leader.port))
            self.connections |= {writer, back}
            await asyncio.wait([asyncio.ensure_future(pump(reader, back)), asyncio.ensure_future(pump(there, writer))])
            self.connections -= {writer, back}

    async def run(self):
        for host, port in self.config['listen']:
            await asyncio.start_server(self.forward, host, port)
        while True:
            try:
                await self.look()
            except OSError as error:
                print(error, flush=True)
            await asyncio.sleep(LOOK)


async def pump(reader, writer):
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


asyncio.run(Manager(json.loads(pathlib.Path(sys.argv[1]).read_text())).run())
