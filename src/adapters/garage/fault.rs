//! What an operator has to see to in the store of the attachments, and what to do about it.

use crate::domain::text::Text;

/// Something that an operator has to see to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The nodes are no store yet.
    Unmade,
    /// So many of all parts of the store have no quorum.
    NoQuorum {
        /// Parts without.
        parts: u64,
        /// All parts.
        of: u64,
    },
    /// A node that stores does not answer the others.
    Away(String),
    /// Fewer zones than copies.
    FewZones(usize),
    /// A node's admin API does not answer us.
    Silent(String),
    /// A node has little room.
    LittleRoom {
        /// The node.
        node: String,
        /// What is left.
        mib: u64,
    },
    /// A node still has many blocks to fetch.
    Behind {
        /// The node.
        node: String,
        /// How many.
        blocks: u64,
    },
    /// A node could not fetch some blocks.
    Failing {
        /// The node.
        node: String,
        /// How many.
        blocks: u64,
    },
    /// A node's scrubs have found wrong blocks that nobody has looked into.
    Corrupt {
        /// The node.
        node: String,
        /// How many, since the node was made.
        blocks: u64,
    },
}

impl Fault {
    /// Whether attachments can be neither stored nor read.
    #[must_use]
    pub fn is_outage(&self) -> bool {
        matches!(self, Self::NoQuorum { .. } | Self::Unmade)
    }

    /// What it is, and what to do.
    #[must_use]
    pub fn words(&self) -> Text {
        match self {
            Self::Unmade => Text::new(
                "Les nœuds ne forment pas encore de stockage : `guichet garage apply`.",
                "The nodes are no store yet: `guichet garage apply`.",
            ),
            Self::NoQuorum { parts, of } => Text::new(
                format!(
                    "{parts} des {of} parts du stockage n’ont pas de quorum : aucune pièce ne peut y être jointe ni lue. \
                     Remettre des nœuds en marche."
                ),
                format!(
                    "{parts} of {of} parts of the store have no quorum: no attachment there can be stored or read. Start \
                     nodes again."
                ),
            ),
            Self::Away(node) => Text::new(
                format!("Le nœud {node} ne répond pas : une autre perte arrêterait les pièces. Le remettre en marche."),
                format!("The node {node} does not answer: another loss would stop attachments. Start it again."),
            ),
            Self::FewZones(zones) => Text::new(
                format!(
                    "{zones} zones pour trois copies : la perte d’une zone peut en emporter deux. Ajouter des nœuds."
                ),
                format!("{zones} zones for three copies: the loss of one may take two copies. Add nodes."),
            ),
            Self::Silent(words) => Text::new(
                format!("Un nœud ne dit pas où il en est : {words}."),
                format!("A node does not say how it is: {words}."),
            ),
            Self::LittleRoom { node, mib } => Text::new(
                format!(
                    "Il reste {mib} Mio au nœud {node} : faire de la place, ou les pièces n’y seront plus copiées."
                ),
                format!("{mib} MiB are left for the node {node}: make room, or nothing more is copied there."),
            ),
            Self::Behind { node, blocks } => Text::new(
                format!("Le nœud {node} a encore {blocks} blocs à reprendre : tout n’a pas ses trois copies."),
                format!("The node {node} still has {blocks} blocks to fetch: not everything has its three copies."),
            ),
            Self::Failing { node, blocks } => Text::new(
                format!(
                    "Le nœud {node} n’a pas pu reprendre {blocks} blocs, et réessaie : voir son disque et \
                     `garage block list-errors`."
                ),
                format!(
                    "The node {node} could not fetch {blocks} blocks, and tries again: look at its disk, and at \
                     `garage block list-errors`."
                ),
            ),
            Self::Corrupt { node, blocks } => Text::new(
                format!(
                    "Les contrôles du nœud {node} ont trouvé {blocks} blocs altérés, repris chez les autres : vérifier \
                     son disque."
                ),
                format!(
                    "The scrubs of the node {node} have found {blocks} corrupt blocks, which were fetched from the \
                     others again: check its disk."
                ),
            ),
        }
    }
}
