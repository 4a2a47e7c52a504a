//! How much a company types by hand for a complete dossier: the least that the form asks of everyone.

use crate::domain::{
    call::{Call, FieldKind},
    fixture::CALL,
};

/// What the company register has of a company, by the number of one of its establishments.
const IN_REGISTER: [&str; 7] = [
    "applicant.name", "applicant.legal_form", "applicant.naf", "applicant.address", "applicant.city",
    "applicant.rcs_date", "applicant.created",
];

/// Required items of a call: every field and every cell of the rows that a table has at least. What is asked only under
/// a condition is left out.
struct Items {
    /// Written by hand, by path.
    typed: Vec<String>,
    /// Chosen or ticked, by path.
    clicked: Vec<String>,
}

fn is_typed(kind: FieldKind) -> bool {
    !matches!(kind, FieldKind::Choice | FieldKind::Choices | FieldKind::YesNo | FieldKind::Declaration)
}

fn required(call: &Call) -> Items {
    let mut items = Items { typed: Vec::new(), clicked: Vec::new() };
    for section in &call.sections {
        for field in section.fields.iter().filter(|field| field.required && field.when.is_none()) {
            let path = format!("{}.{}", section.id, field.id);
            let mut note = |kind, path| if is_typed(kind) { items.typed.push(path) } else { items.clicked.push(path) };
            if field.kind != FieldKind::Table {
                note(field.kind, path);
                continue;
            }
            let rows = field.fixed_rows.len().max(field.min_rows.unwrap_or(1));
            for row in 0..rows {
                for column in field.columns.iter().filter(|column| column.required && column.id != "row") {
                    note(column.kind, format!("{path}[{row}].{}", column.id));
                }
            }
        }
    }
    items
}

/// 64 items to type and 34 to choose or tick. The call offers the country; the register gives what a Kbis says.
#[test]
fn fewer_than_sixty_items_are_typed_by_hand() {
    let Items { typed, clicked } = required(&CALL);
    let offered = |path: &String| CALL.field(path).is_some_and(|field| field.offered.is_some());
    for path in IN_REGISTER {
        assert!(typed.iter().any(|typed| typed == path), "{path} is not asked for");
    }
    let by_hand: Vec<&String> =
        typed.iter().filter(|path| !offered(path) && !IN_REGISTER.contains(&path.as_str())).collect();
    assert_eq!((typed.len(), by_hand.len(), clicked.len()), (64, 56, 34), "{by_hand:?}");
    assert!(by_hand.len() < 60);
}

/// What the simulator asks is carried over: who comes from there types fewer again.
#[test]
fn the_simulator_takes_part_of_the_work() {
    let Items { typed, .. } = required(&CALL);
    let carried = |path: &&String| {
        let field = path.split('[').next().unwrap_or(path);
        CALL.field(field).is_some_and(|field| field.simulator && field.offered.is_none())
    };
    let left: Vec<&String> =
        typed.iter().filter(|path| !carried(path) && !IN_REGISTER.contains(&path.as_str())).collect();
    assert_eq!((typed.iter().filter(carried).count(), left.len()), (14, 44), "{left:?}");
}
