//! The statements of a list.

use super::{
    MAX_COUNTED_DOSSIERS,
    filter::{Assigned, Conflicts, Filter, Sort},
};
use crate::{
    domain::{calendar::RoundId, ids::AccountId},
    store::search,
};
use sqlx::{MySql, QueryBuilder};

// The marker of the current version is compared, not tested, everywhere below: only so is it a constant for the indexes.

/// The company of the deposit has other current ones in the round.
const HAS_OTHERS: &str = "exists (select 1 from deposit o
                                  where o.call_id = p.call_id and o.round_id = p.round_id and o.standing = true
                                  and o.siren = p.siren and o.siren <> '' and o.dossier_id <> p.dossier_id)";
/// It was found admissible.
const ADMITTED: &str = "(select d.admitted_at is not null from dossier d where d.dossier_id = p.dossier_id)";
/// Somebody has declared a conflict of interest in it.
const DECLARED: &str = "exists (select 1 from interest n where n.dossier_id = p.dossier_id and n.conflict)";
/// An expert to whom it is given has declared one.
const EXPERT_IN_CONFLICT: &str = "exists (select 1 from assignment s join interest n using (dossier_id, account_id)
                                          where s.dossier_id = p.dossier_id and s.ended_at is null and n.conflict)";
/// It is given to some expert.
const GIVEN: &str = "exists (select 1 from assignment s where s.dossier_id = p.dossier_id and s.ended_at is null)";

/// The columns of a row, from the tables of [`ROW_TABLES`].
const ROW: &str = "p.dossier_id as dossier, p.version, p.receipt_number as receipt, p.siren, p.company, p.title, p.bricks,
                   p.base_cents as base, p.aid_cents as aid, p.deposited_at as at, d.admitted_at is not null as admitted,
                   b.email as expert, s.assigned_at, a.email as in_conflict, n.declared_at, ";
/// Tables beside the `page`: the deposits with their dossiers, once for each expert and declaration of a conflict.
const ROW_TABLES: &str = " join deposit p on p.dossier_id = page.dossier_id and p.version = page.version
                           join dossier d on d.dossier_id = p.dossier_id
                           left join (assignment s join account b on b.account_id = s.account_id)
                             on s.dossier_id = p.dossier_id and s.ended_at is null
                           left join (interest n join account a on a.account_id = n.account_id)
                             on n.dossier_id = p.dossier_id and n.conflict = true";

/// A list of a round: which dossiers, and who reads it. A dossier on which the reader has declared a conflict of interest
/// is left out of every part of the statement, so that neither a row nor a number tells of it.
pub(super) struct List<'a> {
    pub call: &'a str,
    pub round: &'a RoundId,
    pub reader: AccountId,
    pub filter: &'a Filter,
}

impl List<'_> {
    /// The statement of a page: one row more than it shows tells whether others follow.
    pub fn page(&self) -> QueryBuilder<MySql> {
        let Self { filter, .. } = self;
        let mut query = QueryBuilder::new("select ");
        query.push(ROW).push("cast(p.warnings + if(").push(HAS_OTHERS).push(", ");
        query.push_bind(filter.findings_of_others).push(", 0) as unsigned) as warnings, ");
        self.push_numbers(&mut query);
        query.push(" from (select p.dossier_id, p.version ");
        self.push_matching(&mut query);
        self.push_order(&mut query);
        query.push(" limit ").push_bind(filter.limit.saturating_add(1)).push(" offset ").push_bind(filter.offset);
        query.push(") page").push(ROW_TABLES);
        self.push_order(&mut query);
        query
    }

    /// The statement of the numbers alone.
    pub fn numbers(&self) -> QueryBuilder<MySql> {
        let mut query = QueryBuilder::new("select ");
        self.push_numbers(&mut query);
        query
    }

    /// The numbers of the list, as columns.
    fn push_numbers(&self, query: &mut QueryBuilder<MySql>) {
        query.push("(select count(*) from (select 1 ");
        self.push_matching(query);
        query.push(" limit ").push_bind(MAX_COUNTED_DOSSIERS + 1);
        query.push(") matching) as total, (select count(*) from (select 1 from dossier d where d.call_id = ");
        query.push_bind(self.call.to_owned()).push(" and d.round_id = ").push_bind(self.round.clone());
        query.push(" and d.versions = 0 and d.deleted_at is null and d.dossier_id ");
        self.push_visible(query);
        query.push(" limit ").push_bind(MAX_COUNTED_DOSSIERS + 1).push(") never_deposited) as drafts");
    }

    fn push_order(&self, query: &mut QueryBuilder<MySql>) {
        query.push(match self.filter.sort {
            Sort::Deposited => " order by p.deposited_at",
            Sort::Company => " order by p.company",
            Sort::Title => " order by p.title",
            Sort::Base => " order by p.base_cents",
            Sort::Aid => " order by p.aid_cents",
        });
        query.push(if self.filter.descending { " desc, p.sequence desc" } else { ", p.sequence" });
    }

    /// Excludes what the reader has declared a conflict in. The declaration counts in the statement that makes the list, so
    /// it is effective for whoever made it as soon as it is committed, if the list is read with one's own writes.
    fn push_visible(&self, query: &mut QueryBuilder<MySql>) {
        query.push("not in (select n.dossier_id from interest n where n.conflict = true and n.account_id = ");
        query.push_bind(self.reader).push(")");
    }

    fn push_matching(&self, query: &mut QueryBuilder<MySql>) {
        let Self { filter, .. } = self;
        query.push("from deposit p where p.call_id = ").push_bind(self.call.to_owned());
        query.push(" and p.round_id = ").push_bind(self.round.clone());
        query.push(" and p.standing = true and p.dossier_id ");
        self.push_visible(query);
        if let Some(search) = &filter.search {
            search::restrict(query, "p", self.call, self.round, search);
        }
        if !filter.brick.is_empty() {
            query.push(" and find_in_set(").push_bind(filter.brick.clone()).push(", replace(p.bricks, ' ', ','))");
        }
        if filter.warnings {
            query.push(" and (p.warnings > 0");
            if filter.findings_of_others > 0 {
                query.push(" or ").push(HAS_OTHERS);
            }
            query.push(")");
        }
        if let Some(admitted) = filter.admitted {
            query.push(if admitted { " and " } else { " and not " }).push(ADMITTED);
        }
        match &filter.assigned {
            None => {}
            Some(Assigned::Nobody) => {
                query.push(" and not ").push(GIVEN);
            }
            Some(Assigned::Somebody) => {
                query.push(" and ").push(GIVEN);
            }
            Some(Assigned::To(email)) => {
                query
                    .push(
                        " and exists (select 1 from assignment s join account a on a.account_id = s.account_id
                                      where s.dossier_id = p.dossier_id and s.ended_at is null and a.email = ",
                    )
                    .push_bind(email.clone())
                    .push(")");
            }
        }
        if let Some(conflicts) = filter.conflicts {
            query.push(" and ").push(match conflicts {
                Conflicts::Declared => DECLARED,
                Conflicts::OfExpert => EXPERT_IN_CONFLICT,
            });
        }
    }
}
