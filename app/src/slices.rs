//! The slices, in the order of the menu. A new one adds its line here.

use crate::web::Routes;

/// Every door of the product.
pub fn routes() -> Routes {
    let mut r = Routes::default();
    crate::health::routes(&mut r);
    crate::sign_in::routes(&mut r);
    crate::account::routes(&mut r);
    crate::clinic::routes(&mut r);
    crate::places::routes(&mut r);
    crate::devices::routes(&mut r);
    crate::guide::routes(&mut r);
    crate::staff::routes(&mut r);
    crate::permissions::routes(&mut r);
    crate::audit::routes(&mut r);
    crate::backup::page::routes(&mut r);
    crate::masters::routes(&mut r);
    crate::conformance::routes(&mut r);
    crate::site::routes(&mut r);
    crate::availability::routes(&mut r);
    crate::encounters::routes(&mut r);
    crate::live::routes(&mut r);
    crate::appointments::routes(&mut r);
    crate::schedules::routes(&mut r);
    crate::waiting::routes(&mut r);
    crate::billing::routes(&mut r);
    crate::claims::routes(&mut r);
    crate::day_close::routes(&mut r);
    crate::notes::routes(&mut r);
    crate::conditions::routes(&mut r);
    crate::coverages::routes(&mut r);
    crate::inquiries::routes(&mut r);
    crate::bulk_inquiries::routes(&mut r);
    crate::consents::routes(&mut r);
    crate::emergency_views::routes(&mut r);
    crate::remote_consents::routes(&mut r);
    crate::entrusted::routes(&mut r);
    crate::snippets::routes(&mut r);
    crate::outbox::routes(&mut r);
    crate::patient_import::routes(&mut r);
    crate::observations::routes(&mut r);
    crate::questionnaires::routes(&mut r);
    crate::patients::routes(&mut r);
    crate::prescriptions::routes(&mut r);
    crate::eprescriptions::routes(&mut r);
    crate::inside_prescriptions::routes(&mut r);
    crate::allergies::routes(&mut r);
    crate::flags::routes(&mut r);
    crate::orders::routes(&mut r);
    crate::attachments::routes(&mut r);
    r.public_get("/assets/{hash}/{path:.*}", crate::web::assets::serve, "static files, the same for everybody");
    r
}
