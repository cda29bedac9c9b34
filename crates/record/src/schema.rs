//! The JSON Schemas of everything that leaves a binary as JSON. Generated here, committed in `crates/record/schemas`,
//! compared by a test.

use schemars::{JsonSchema, schema_for};

use crate::{
    Converge, Details, FleetDoctor, FleetHosts, HostKeys, Pack, Publish, Push, PushEvent, PushPlan, Record,
    Swap, host, receive,
};

/// File name and text of every schema.
#[must_use]
pub fn all() -> Vec<(String, String)> {
    vec![
        of_record::<Pack>(),
        of_record::<Publish>(),
        of_record::<Push>(),
        of_record::<Swap>(),
        of_record::<Converge>(),
        ("push-event.schema.json".into(), text::<PushEvent>()),
        ("push-plan-1.schema.json".into(), text::<PushPlan>()),
        ("fleet-doctor-1.schema.json".into(), text::<FleetDoctor>()),
        ("fleet-hosts-1.schema.json".into(), text::<FleetHosts>()),
        ("host-keys-1.schema.json".into(), text::<HostKeys>()),
        ("host-stage.schema.json".into(), text::<host::StageReply>()),
        ("host-status.schema.json".into(), text::<host::HostStatus>()),
        ("host-verify.schema.json".into(), text::<host::VerifyReply>()),
        ("host-prune.schema.json".into(), text::<host::PruneReply>()),
        ("host-adopt.schema.json".into(), text::<host::AdoptReply>()),
        ("host-switch.schema.json".into(), text::<host::SwitchEvent>()),
        ("receive-order.schema.json".into(), text::<receive::Order>()),
        ("receive-event.schema.json".into(), text::<receive::Event>()),
    ]
}

fn of_record<D: Details>() -> (String, String) {
    (format!("{}.schema.json", D::SCHEMA.replace('/', "-")), text::<Record<D>>())
}

fn text<T: JsonSchema>() -> String {
    // A schema is plain JSON without floats, so the alternate Display of Value cannot fail.
    format!("{:#}\n", schema_for!(T).to_value())
}
