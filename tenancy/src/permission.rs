//! Rights by 職種 × 業務 × 情報区分 (GL-06). One table: it decides, it documents (`/permissions`), it is tested against every route.

use domain::Role;

use crate::{Act, InfoClass, Principal};

/// A right, as a type: `Access<P>` in a handler's signature is the declaration and the proof.
pub trait Permission: Send + Sync + 'static {
    const RIGHT: &'static Right;
}

/// One row of the table.
#[derive(Debug)]
pub struct Right {
    /// The type's name, as written in the route list.
    pub name: &'static str,
    pub act: Act,
    pub class: InfoClass,
    pub roles: &'static [Role],
    /// The ministry opens it to hospitals only.
    pub hospitals_only: bool,
}

impl Right {
    pub fn allows(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// In the role in force, at the place they work.
    pub fn is_open_to(&self, who: &Principal) -> bool {
        self.allows(who.role) && (who.is_hospital || !self.hospitals_only)
    }
}

macro_rules! rights {
    ($($name:ident $act:ident $class:ident [$($role:ident)*] $(@$place:ident)?)+) => {
        $(
            pub struct $name;
            impl Permission for $name {
                const RIGHT: &'static Right = &Right {
                    name: stringify!($name),
                    act: Act::$act,
                    class: InfoClass::$class,
                    roles: &[$(Role::$role),*],
                    hospitals_only: !concat!($(stringify!($place))?).is_empty(),
                };
            }
        )+
        pub static TABLE: &[&Right] = &[$($name::RIGHT),+];
    };
}

rights! {
    PatientRead       View    Patient      [Doctor Nurse Clerk Pharmacist LabTech ClinicAdmin DoctorAide]
    PatientWrite      Update  Patient      [Doctor Nurse Clerk ClinicAdmin]
    PatientMerge      Merge   Patient      [ClinicAdmin]
    PatientImport     Import  Patient      [ClinicAdmin]
    CoverageRead      View    Coverage     [Doctor Nurse Clerk ClinicAdmin]
    CoverageWrite     Update  Coverage     [Clerk ClinicAdmin Nurse]
    ConsentRead       View    Consent      [Doctor Nurse Clerk Pharmacist ClinicAdmin]
    ConsentedFetch    Send    Consent      [Doctor Nurse Clerk Pharmacist ClinicAdmin]
    MedicationHistoryRead View MedicationHistory [Doctor Nurse Pharmacist]
    CareHistoryRead   View    CareHistory  [Doctor Nurse Pharmacist]
    CheckupHistoryRead View   CheckupHistory [Doctor Nurse Pharmacist]
    EmergencyOpen     EmergencyView EmergencyRecord [Doctor Nurse Pharmacist] @hospitals
    DisasterOpen      DisasterView EmergencyRecord [Doctor Nurse Pharmacist]
    EmergencyLookRead View    EmergencyRecord [Doctor Nurse Pharmacist ClinicAdmin]
    EmergencyReview   Approve EmergencyRecord [Doctor ClinicAdmin]
    EmergencyPrivilegeManage Manage Staff  [ClinicAdmin] @hospitals
    EncounterRead     View    Encounter    [Doctor Nurse Clerk Pharmacist LabTech ClinicAdmin DoctorAide]
    EncounterWrite    Update  Encounter    [Doctor Nurse Clerk ClinicAdmin]
    EncounterClose    Approve Encounter    [Clerk ClinicAdmin]
    AppointmentRead   View    Appointment  [Doctor Nurse Clerk Pharmacist LabTech ClinicAdmin DoctorAide]
    AppointmentWrite  Update  Appointment  [Doctor Nurse Clerk ClinicAdmin DoctorAide]
    ScheduleManage    Manage  Appointment  [Clerk ClinicAdmin]
    ObservationRead   View    Observation  [Doctor Nurse Pharmacist LabTech DoctorAide]
    ObservationWrite  Update  Observation  [Doctor Nurse LabTech]
    NoteRead          View    Note         [Doctor Nurse Pharmacist LabTech DoctorAide]
    NoteWrite         Update  Note         [Doctor Nurse DoctorAide]
    NoteSign          Sign    Note         [Doctor]
    NoteApprove       Approve Note         [Doctor]
    NoteAmend         Amend   Note         [Doctor]
    WarningOverride   Approve Note         [Doctor]
    NoteVoid          Manage  Note         [Doctor ClinicAdmin]
    WarningBudgetRead View    Prescription [Doctor Pharmacist ClinicAdmin]
    ConditionRead     View    Condition    [Doctor Nurse Clerk Pharmacist LabTech DoctorAide]
    ConditionWrite    Update  Condition    [Doctor]
    ConditionPropose  Create  Condition    [Clerk Nurse DoctorAide]
    PrescriptionRead  View    Prescription [Doctor Nurse Pharmacist DoctorAide]
    PrescriptionWrite Update  Prescription [Doctor]
    PrescriptionSign  Sign    Prescription [Doctor]
    PrescriptionPrint Print   Prescription [Doctor Nurse Clerk]
    DeliveryRead      View    Delivery     [Doctor Nurse Clerk ClinicAdmin]
    DeliveryWrite     Send    Delivery     [Doctor Nurse Clerk ClinicAdmin]
    ExchangeRead      View    Exchange     [ClinicAdmin]
    BillingRead       View    Billing      [Clerk ClinicAdmin Doctor Nurse]
    BillingWrite      Update  Billing      [Clerk ClinicAdmin]
    BillingPrint      Print   Billing      [Clerk ClinicAdmin]
    DayCloseRead      View    Billing      [Clerk ClinicAdmin Doctor]
    DayCloseRun       Approve Billing      [Clerk ClinicAdmin]
    DayCloseReopen    Manage  Billing      [ClinicAdmin]
    FlagRead          View    Flag         [Doctor Nurse Clerk Pharmacist LabTech ClinicAdmin DoctorAide]
    FlagWrite         Update  Flag         [Doctor Nurse]
    StickyWrite       Update  Flag         [Doctor Nurse Clerk Pharmacist LabTech ClinicAdmin DoctorAide]
    AllergyRead       View    Allergy      [Doctor Nurse Pharmacist LabTech DoctorAide]
    AllergyWrite      Update  Allergy      [Doctor Nurse]
    OrderRead         View    Order        [Doctor Nurse LabTech Pharmacist DoctorAide]
    OrderWrite        Update  Order        [Doctor]
    OrderPerform      Update  Order        [Nurse LabTech Doctor]
    AttachmentRead    View    Attachment   [Doctor Nurse Clerk Pharmacist LabTech DoctorAide]
    AttachmentWrite   Update  Attachment   [Doctor Nurse Clerk LabTech DoctorAide]
    DrawingWrite      Update  Attachment   [Doctor Nurse LabTech DoctorAide]
    MasterRead        View    Master       [Doctor Nurse Clerk Pharmacist LabTech ClinicAdmin DoctorAide]
    AuditRead         View    Audit        [ClinicAdmin]
    AuditExport       Export  Audit        [ClinicAdmin]
    StaffManage       Manage  Staff        [ClinicAdmin]
    RoleMatrixRead    View    Staff        [Doctor Nurse Clerk Pharmacist LabTech ClinicAdmin DoctorAide]
    ClinicManage      Manage  Clinic       [ClinicAdmin]
    BackupRead        View    Backup       [ClinicAdmin]
    OwnAccount        Manage  Account      [Doctor Nurse Clerk Pharmacist LabTech ClinicAdmin DoctorAide]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// GL-06: least privilege that must not slip. A change here is a decision, not a fix.
    #[test]
    fn only_doctors_sign_and_only_admins_read_the_audit_log() {
        for role in Role::ALL {
            assert_eq!(NoteSign::RIGHT.allows(*role), *role == Role::Doctor);
            assert_eq!(PrescriptionSign::RIGHT.allows(*role), *role == Role::Doctor);
            assert_eq!(AuditRead::RIGHT.allows(*role), *role == Role::ClinicAdmin);
        }
        assert!(!NoteRead::RIGHT.allows(Role::Clerk), "医療事務 does not open the chart's text");
    }
}
