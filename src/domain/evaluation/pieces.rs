//! Are the pieces there, and young enough?

use super::Case;
use crate::domain::{
    answers::holds,
    calendar::{day, fresh, show_day},
    call::Piece,
    document::Document,
    finding::{Finding, Severity},
    piece::AttachedPiece,
    text::Text,
};

pub(super) fn findings(case: &Case<'_>, document: &Document) -> Vec<Finding> {
    let pieces = case.pieces.unwrap_or_default();
    case.call
        .attached_pieces()
        .filter(|piece| holds(piece.when.as_ref(), document))
        .flat_map(|piece| match pieces.iter().find(|attached| attached.code == piece.code) {
            Some(attached) => freshness(case, piece, attached),
            None => absent(case, piece),
        })
        .collect()
}

fn finding(piece: &Piece, severity: Severity, message: Text) -> Finding {
    Finding {
        rule: piece.rule.clone(),
        severity,
        path: format!("pieces.{}", piece.code),
        message,
        interpretation: piece.interpretation.clone(),
    }
}

fn absent(case: &Case<'_>, piece: &Piece) -> Option<Finding> {
    if !piece.required {
        return None;
    }
    let (code, title) = (&piece.code, &piece.title);
    if piece.exemption.as_ref().is_some_and(|path| !case.answers.is_empty(path)) {
        return Some(finding(
            piece,
            Severity::Warning,
            Text::new(
                format!("{code} – {} : absente, avec une explication qu’un instructeur examinera.", title.fr),
                format!("{code} – {}: left out, with an explanation that an officer will examine.", title.en),
            ),
        ));
    }
    Some(finding(
        piece,
        Severity::Blocking,
        Text::new(format!("{code} – {} : à joindre.", title.fr), format!("{code} – {}: must be attached.", title.en)),
    ))
}

fn freshness(case: &Case<'_>, piece: &Piece, attached: &AttachedPiece) -> Option<Finding> {
    let months = piece.fresh_months?;
    let name =
        Text::new(format!("{} – {}", piece.code, piece.title.fr), format!("{} – {}", piece.code, piece.title.en));
    let Some(issued) = attached.issued else {
        return Some(finding(
            piece,
            Severity::Blocking,
            Text::new(
                format!("{} : indiquez sa date d’émission.", name.fr),
                format!("{}: give the day on which it was issued.", name.en),
            ),
        ));
    };
    let shown = show_day(issued);
    if issued > case.today {
        return Some(finding(
            piece,
            Severity::Blocking,
            Text::new(
                format!("{} : la date d’émission ({}) est dans l’avenir ; corrigez-la.", name.fr, shown.fr),
                format!("{}: its day of issue ({}) is in the future; correct it.", name.en, shown.en),
            ),
        ));
    }
    if !fresh(issued, case.today, months) {
        return Some(finding(
            piece,
            Severity::Blocking,
            Text::new(
                format!(
                    "{} : émise le {}, elle a {months} mois ou plus ; joignez-en une plus récente.",
                    name.fr, shown.fr
                ),
                format!(
                    "{}: issued on {}, it is {months} months old or more; attach a more recent one.",
                    name.en, shown.en
                ),
            ),
        ));
    }
    let closing = case.round?.window.map(|window| day(window.closes, &case.zone).yesterday().ok())??;
    (closing > case.today && !fresh(issued, closing, months)).then(|| {
        finding(
            piece,
            Severity::Warning,
            Text::new(
                format!("{} : valable aujourd’hui, elle aura {months} mois avant la clôture ; déposez avant, ou prévoyez d’en joindre une autre.", name.fr),
                format!("{}: valid today, it will be {months} months old before the closing; deposit earlier, or plan to attach another.", name.en),
            ),
        )
    })
}
