"""Runs MariaDB of the system on a folder, which is made the first time: server.py MY_CNF DATA"""
import os
import pwd
import shutil
import subprocess
import sys

config, data = sys.argv[1:]
os.environ['PATH'] += ':/usr/sbin:/usr/bin'
if not os.path.isdir(data):
    making = data + '.making'
    shutil.rmtree(making, ignore_errors=True)
    user = pwd.getpwuid(os.geteuid()).pw_name
    subprocess.run(
        ['mariadb-install-db', '--no-defaults', f'--datadir={making}', '--auth-root-authentication-method=socket',
         f'--auth-root-socket-user={user}', '--skip-test-db', '--skip-name-resolve', '--innodb-log-file-size=16M'],
        check=True, stdout=subprocess.DEVNULL)
    os.rename(making, data)
os.execvp('mariadbd', ['mariadbd', f'--defaults-file={config}'])
