//! Rows of the four tables of the slice.

macro_rules! versioned_entity {
    ($(#[$doc:meta])* $module:ident, $table:literal, { $($(#[$attribute:meta])* $field:ident: $type:ty),* $(,)? }) => {
        $(#[$doc])*
        pub mod $module {
            use sea_orm::entity::prelude::*;
            use serde::{Deserialize, Serialize};

            #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Serialize, Deserialize)]
            #[sea_orm(table_name = $table)]
            pub struct Model {
                #[sea_orm(primary_key, auto_increment = false)]
                pub tenant_id: Uuid,
                #[sea_orm(primary_key, auto_increment = false)]
                pub id: Uuid,
                pub version: i32,
                pub recorded_at: DateTimeUtc,
                pub author_id: Uuid,
                pub entered_by_id: Uuid,
                pub status: String,
                pub digest: Vec<u8>,
                $($(#[$attribute])* pub $field: $type,)*
            }

            #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
            pub enum Relation {}

            impl ActiveModelBehavior for ActiveModel {}

            tenancy::versioned!(Model, ActiveModel, $table);
        }
    };
}
pub(crate) use versioned_entity;

versioned_entity! {
    /// One thing charged: insured in points, private in yen, each of one unit.
    charge_item, "charge_item", {
        patient_id: Uuid,
        encounter_id: Uuid,
        line_no: i32,
        source: String,
        section: String,
        code: String,
        name: String,
        points: i32,
        unit_yen: i32,
        quantity: i32,
    }
}

versioned_entity! {
    /// The balance of one visit, under the visit's id.
    account, "account", {
        patient_id: Uuid,
        billed_on: Date,
        copay_percent: Option<i32>,
        public_yen: i32,
        revision: i32,
        is_changed: bool,
        is_estimate: bool,
        due_yen: i32,
        paid_yen: i32,
        unpaid_yen: i32,
        unpaid_reason: String,
        unpaid_note: String,
        /// A `CapRule`; empty is the usual one.
        #[serde(default)]
        cap_rule: String,
        /// `auto`: what public payers bear is computed; empty: `public_yen` was entered.
        #[serde(default)]
        public_rule: String,
    }
}

versioned_entity! {
    /// 請求: lines and sums as they were asked for.
    invoice, "invoice", {
        patient_id: Uuid,
        encounter_id: Uuid,
        revision: i32,
        copay_percent: Option<i32>,
        points: i32,
        cost_yen: i32,
        copay_yen: i32,
        public_yen: i32,
        self_pay_yen: i32,
        due_yen: i32,
        lines: Json,
        reason: String,
        #[serde(default)]
        cap_rule: String,
        /// 限度額を超えた分
        #[serde(default)]
        over_cap_yen: i32,
        /// What each public payer bore: `PublicPart`s
        #[serde(default)]
        public_parts: Json,
        /// The insurance it was made under.
        #[serde(default)]
        coverage_id: Option<Uuid>,
    }
}

versioned_entity! {
    /// 入金 (positive) and 返金 (negative); rows of one act share a receipt.
    payment_notice, "payment_notice", {
        patient_id: Uuid,
        encounter_id: Uuid,
        receipt_id: Uuid,
        receipt_no: String,
        method: String,
        amount_yen: i32,
        taken_on: Date,
        reason: String,
    }
}
