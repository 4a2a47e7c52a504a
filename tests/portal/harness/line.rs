//! A poor connection to a server: limited upload rate, and cut after given numbers of bytes.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
    sync::watch,
};

/// Bytes forwarded at once: a slow connection buffers little.
const BATCH: usize = 4 * 1024;

/// A connection, until it is dropped.
pub struct Line {
    pub address: SocketAddr,
    state: Arc<State>,
    task: tokio::task::JoinHandle<()>,
}

struct State {
    to: SocketAddr,
    bytes_per_second: u64,
    /// Bytes uploaded.
    passed: AtomicU64,
    /// Totals at which every connection is cut.
    cuts: Mutex<VecDeque<u64>>,
    /// The number of cuts: earlier connections end.
    cut: watch::Sender<u64>,
}

impl Line {
    /// A connection to a server that is cut at each of the given upload totals.
    pub fn start(to: SocketAddr, bytes_per_second: u64, cuts: &[u64]) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        // Data that the kernel buffers must not count as progress.
        socket.set_recv_buffer_size(16 * 1024).unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(64).unwrap();
        let address = listener.local_addr().unwrap();
        let state = State {
            to,
            bytes_per_second,
            passed: AtomicU64::new(0),
            cuts: Mutex::new(cuts.iter().copied().collect()),
            cut: watch::Sender::new(0),
        };
        let state = Arc::new(state);
        let task = tokio::spawn(take(listener, state.clone()));
        Self { address, state, task }
    }

    /// Bytes uploaded so far.
    pub fn passed(&self) -> u64 {
        self.state.passed.load(Ordering::Relaxed)
    }

    /// Cuts so far.
    pub fn cuts(&self) -> u64 {
        *self.state.cut.borrow()
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.task.abort();
        self.state.cut.send_modify(|cuts| *cuts += 1);
    }
}

async fn take(listener: TcpListener, state: Arc<State>) {
    while let Ok((client, _)) = listener.accept().await {
        let state = state.clone();
        tokio::spawn(async move {
            let mut cut = state.cut.subscribe();
            tokio::select! {
                _ = cut.changed() => {}
                _ = pass(client, &state) => {}
            }
        });
    }
}

async fn pass(client: TcpStream, state: &State) -> std::io::Result<()> {
    let (mut from, mut back) = client.into_split();
    let (mut answers, mut to) = TcpStream::connect(state.to).await?.into_split();
    let up = upwards(&mut from, &mut to, state);
    let down = tokio::io::copy(&mut answers, &mut back);
    tokio::select! {
        done = up => done,
        done = down => done.map(drop),
    }
}

async fn upwards(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    state: &State,
) -> std::io::Result<()> {
    let mut batch = [0; BATCH];
    loop {
        let read = from.read(&mut batch).await?;
        if read == 0 {
            return to.shutdown().await;
        }
        to.write_all(&batch[..read]).await?;
        let passed = state.passed.fetch_add(read as u64, Ordering::Relaxed) + read as u64;
        // This simulates the connection; it does not wait for a condition.
        tokio::time::sleep(Duration::from_micros(read as u64 * 1_000_000 / state.bytes_per_second)).await;
        let mut cuts = state.cuts.lock().unwrap();
        if cuts.front().is_some_and(|at| passed >= *at) {
            cuts.pop_front();
            state.cut.send_modify(|cuts| *cuts += 1);
        }
    }
}
