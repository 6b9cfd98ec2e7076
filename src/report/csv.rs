//! `csv`: every violation, a row each, for spreadsheets (RFC 4180).

use super::encode::csv as field;
use super::{Context, Run, Told};
use crate::finding::Region;
use crate::store::rows::Order;
use std::io::Write;
use std::ops::ControlFlow;

/// The columns, in order.
const HEAD: &str = "severity,state,resolution,rule_id,subject,path,line,column,end_line,end_column,message,\
                    fingerprint,stage,suppression_source,suppression_reason,suppression_owner,suppression_expires";

/// Writes all violations, by path. Paths are relative to the workspace.
pub(super) fn write(run: &Run<'_>, _: &Context<'_>, out: &mut dyn Write) -> anyhow::Result<Told> {
    write!(out, "{HEAD}\r\n")?;
    run.rows.violations(Order::ByPath, &mut |row| {
        let place = |part: fn(Region) -> u32| {
            let part = row.region.map(part);
            part.map(|part| part.to_string()).unwrap_or_default()
        };
        let number = row.suppression.and_then(|number| number.checked_sub(1));
        let accepted = number.and_then(|at| run.record.suppressions.get(at as usize));
        let suppression = accepted.map(|accepted| {
            [
                accepted.source.as_str(),
                accepted.reason.as_str(),
                accepted.owner.as_deref().unwrap_or_default(),
                accepted.expires.as_deref().unwrap_or_default(),
            ]
        });
        let fields = [
            row.severity.as_str().to_owned(),
            field(&row.state),
            field(row.resolution.as_deref().unwrap_or_default()),
            field(&row.rule_id),
            field(&row.subject),
            field(&row.path),
            place(|region| region.line),
            place(|region| region.column),
            place(|region| region.end_line),
            place(|region| region.end_column),
            field(&row.message),
            field(&row.fingerprint),
            row.stage.as_str().to_owned(),
        ];
        let suppression = suppression.unwrap_or_default().map(field);
        let all: Vec<String> = fields.into_iter().chain(suppression).collect();
        write!(out, "{}\r\n", all.join(","))?;
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(Told::all())
}
