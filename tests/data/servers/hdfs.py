"""A real HDFS on loopback: one NameNode, one DataNode, in a folder of their own.

The servers' classes come from the jars in the folder that MLKIT_TEST_HADOOP_JARS
names; `.ci/run` puts them there.
"""

import os
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

WANTED = (
    *("hadoop-", "jetty-", "servlet", "javax.servlet-api", "jsp-api", "commons-"),
    *("protobuf-java-", "htrace-", "slf4j-", "log4j-", "guava-14", "netty-"),
    *("leveldbjni", "xercesImpl", "xmlenc", "jackson-core-asl", "jackson-mapper-asl"),
    "javax.ws.rs-api-2.0.1",
)
OPENED = ("java.lang", "java.util", "sun.nio.ch", "java.nio", "jdk.internal.ref")
SERVER = "org.apache.hadoop.hdfs.server"
WAIT = 90


def jars():
    """Return the folder of jars, or None."""
    place = os.environ.get("MLKIT_TEST_HADOOP_JARS", "")
    return Path(place) if place and Path(place).is_dir() else None


@contextmanager
def hdfs(folder):
    """Start a NameNode and a DataNode below `folder`; give ``hdfs://127.0.0.1:port``."""
    ports = [_free() for _ in range(6)]
    conf = _configured(folder, ports)
    java = _java(folder, conf)
    nodes = []
    try:
        asked = [*java, f"{SERVER}.namenode.NameNode", "-format", "-force"]
        with (folder / "format.log").open("w") as log:
            subprocess.run(asked, check=True, stdout=log, stderr=subprocess.STDOUT)
        for name in ("namenode.NameNode", "datanode.DataNode"):
            asked = [*java, f"{SERVER}.{name}"]
            with (folder / f"{name}.log").open("w") as log:
                nodes.append(
                    subprocess.Popen(asked, stdout=log, stderr=subprocess.STDOUT)
                )
        url = f"hdfs://127.0.0.1:{ports[0]}"
        _until_writable(url, nodes, folder)
        yield url
    finally:
        for node in nodes:
            node.kill()
            node.wait()


def opened(url):
    """Return a file system on the cluster, without a JVM."""
    from hdfs_native.fsspec import HdfsFileSystem

    host, _, port = url.removeprefix("hdfs://").partition(":")
    return HdfsFileSystem(host=host, port=int(port))


def _java(folder, conf):
    found = sorted(p for p in jars().glob("*.jar") if p.name.startswith(WANTED))
    if not found:
        raise RuntimeError(f"no Hadoop jars in {jars()}")
    path = os.pathsep.join([str(conf), *map(str, found), str(folder)])
    opens = [f"--add-opens=java.base/{name}=ALL-UNNAMED" for name in OPENED]
    return [shutil.which("java"), "-Xmx256m", *opens, "-cp", path]


def _configured(folder, ports):
    conf = folder / "conf"
    conf.mkdir(parents=True)
    for name in ("hdfs", "datanode"):
        web = folder / "webapps" / name / "WEB-INF"
        web.mkdir(parents=True)
        (web / "web.xml").write_text("<web-app></web-app>")
    rpc, web, data, ipc, info, _ = (f"127.0.0.1:{port}" for port in ports)
    settings = {
        "fs.defaultFS": f"hdfs://{rpc}",
        "hadoop.tmp.dir": str(folder / "tmp"),
        "hadoop.http.staticuser.user": "root",
        "dfs.replication": "1",
        "dfs.permissions.enabled": "false",
        "dfs.webhdfs.enabled": "false",
        "dfs.namenode.datanode.registration.ip-hostname-check": "false",
        "dfs.namenode.name.dir": str(folder / "name"),
        "dfs.datanode.data.dir": str(folder / "data"),
        "dfs.namenode.http-address": web,
        "dfs.namenode.secondary.http-address": "127.0.0.1:0",
        "dfs.datanode.address": data,
        "dfs.datanode.ipc.address": ipc,
        "dfs.datanode.http.address": info,
        "dfs.datanode.hostname": "127.0.0.1",
        "dfs.client.use.datanode.hostname": "false",
    }
    lines = "".join(
        f"<property><name>{key}</name><value>{value}</value></property>"
        for key, value in settings.items()
    )
    for file in ("core-site.xml", "hdfs-site.xml"):
        (conf / file).write_text(f"<configuration>{lines}</configuration>")
    (conf / "log4j.properties").write_text(
        "log4j.rootLogger=WARN, out\n"
        "log4j.appender.out=org.apache.log4j.ConsoleAppender\n"
        "log4j.appender.out.layout=org.apache.log4j.SimpleLayout\n"
    )
    return conf


def _until_writable(url, nodes, folder):
    end = time.monotonic() + WAIT
    while time.monotonic() < end:
        if any(node.poll() is not None for node in nodes):
            break
        try:
            system = opened(url)
            with system.open("/ready", "wb") as file:
                file.write(b"yes")
            return
        except Exception:
            time.sleep(0.5)
    logs = "\n".join(p.read_text()[-2000:] for p in folder.glob("*.log"))
    raise RuntimeError(f"HDFS did not start:\n{logs}")


def _free():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
