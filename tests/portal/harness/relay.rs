//! The network between nodes on this machine: each is reached through a relay, so that it can be cut off from the others.

use std::{
    collections::BTreeSet,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};

/// Relays, until they are dropped. A node is told by its address of this machine: it binds what it sends to it.
pub struct Network {
    cut: Arc<watch::Sender<BTreeSet<IpAddr>>>,
    relays: JoinSet<()>,
}

impl Network {
    pub fn new() -> Self {
        Self { cut: Arc::new(watch::Sender::new(BTreeSet::new())), relays: JoinSet::new() }
    }

    /// A relay to a node, at the node's own address and another port.
    pub async fn relay(&mut self, to: SocketAddr) -> SocketAddr {
        let listener = TcpListener::bind((to.ip(), 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        self.relays.spawn(take(listener, to, self.cut.clone()));
        address
    }

    /// Ends every connection from and to a node, and refuses new ones.
    pub fn cut(&self, node: IpAddr) {
        self.cut.send_if_modified(|cut| cut.insert(node));
    }

    /// Lets a node be reached again.
    pub fn heal(&self, node: IpAddr) {
        self.cut.send_if_modified(|cut| cut.remove(&node));
    }
}

async fn take(listener: TcpListener, to: SocketAddr, cut: Arc<watch::Sender<BTreeSet<IpAddr>>>) {
    let mut connections = JoinSet::new();
    while let Ok((mut from, peer)) = listener.accept().await {
        let mut cut = cut.subscribe();
        connections.spawn(async move {
            let severed = |cut: &BTreeSet<IpAddr>| cut.contains(&peer.ip()) || cut.contains(&to.ip());
            let passing = async {
                from.set_nodelay(true).ok();
                let Ok(mut onwards) = TcpStream::connect(to).await else { return };
                onwards.set_nodelay(true).ok();
                copy_bidirectional(&mut from, &mut onwards).await.ok();
            };
            tokio::select! {
                biased;
                _ = cut.wait_for(severed) => {}
                () = passing => {}
            }
        });
        while connections.try_join_next().is_some() {}
    }
}
