//! A call or a round that the portal does not know: said with those that it has, since a name is soon mistyped.

use super::client::PortalClient;
use crate::{
    cli::answer::read_untrusted,
    domain::{
        calendar::RoundId,
        json::Limits,
        text::{Lang, terminal::escape_for_terminal},
    },
};
use serde::Deserialize;

/// Most bytes of a call's definition.
const MAX_CALL_BYTES: usize = 4 * 1024 * 1024;

/// What is asked of a call's definition.
#[derive(Debug, Deserialize)]
struct Definition {
    rounds: Vec<KnownRound>,
}

#[derive(Debug, Deserialize)]
struct KnownRound {
    id: String,
    state: String,
}

impl PortalClient {
    /// Why no dossier can be begun in a round: the call or the round is not there. `None` when both are, or when that cannot
    /// be known.
    pub(super) async fn unknown_round(&self, call: &str, round: &RoundId) -> Option<String> {
        let url = self.address(&["calls", call]).ok()?;
        let answer = self.send(|| Ok(self.http.get(url.clone()))).await.ok()?;
        if answer.status() == reqwest::StatusCode::NOT_FOUND {
            return Some(no_call(call, self.url(), self.lang()));
        }
        let bytes = answer.bytes().await.ok()?;
        let Definition { rounds } = read_untrusted(&bytes, Limits::bytes(MAX_CALL_BYTES)).ok()?;
        let there = rounds.iter().any(|known| known.id == round.0);
        (!there).then(|| no_round(call, round, &rounds, self.lang()))
    }
}

fn no_call(call: &str, portal: &str, lang: Lang) -> String {
    let call = escape_for_terminal(call);
    match lang {
        Lang::Fr => format!(
            "ce portail n’a pas d’appel « {call} » : corrigez « call » dans dossier.toml ; les appels sont sur {portal}"
        ),
        Lang::En => {
            format!(
                "this portal has no call “{call}”: correct “call” in dossier.toml; the calls are listed at {portal}"
            )
        }
    }
}

fn no_round(call: &str, round: &RoundId, rounds: &[KnownRound], lang: Lang) -> String {
    let (call, round) = (escape_for_terminal(call), escape_for_terminal(&round.0));
    let listed: Vec<String> = rounds
        .iter()
        .map(|known| {
            let open = if known.state == "open" { lang.tr(" (ouverte)", " (open)") } else { "" };
            format!("{}{open}", known.id)
        })
        .collect();
    let listed = if listed.is_empty() { lang.tr("aucune", "none").to_owned() } else { listed.join(", ") };
    match lang {
        Lang::Fr => format!(
            "l’appel « {call} » n’a pas de relève « {round} » : corrigez « round » dans dossier.toml. Ses relèves : {listed}"
        ),
        Lang::En => {
            format!("the call “{call}” has no round “{round}”: correct “round” in dossier.toml. Its rounds: {listed}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unknown_is_named_with_what_is_known() {
        let rounds =
            [("2024", "closed"), ("2026", "open")].map(|(id, state)| KnownRound { id: id.into(), state: state.into() });
        let round = RoundId("2062\u{1b}".into());
        let said = no_round("open-x", &round, &rounds, Lang::Fr);
        assert!(said.contains("« open-x »") && said.ends_with("Ses relèves : 2024, 2026 (ouverte)"), "{said}");
        assert!(said.contains("2062") && !said.contains('\u{1b}'), "{said}");
        assert!(no_round("open-x", &round, &[], Lang::En).ends_with("Its rounds: none"));
        let said = no_call("open-y", "https://aap.example/", Lang::En);
        assert!(said.contains("“open-y”") && said.contains("https://aap.example/"), "{said}");
    }
}
