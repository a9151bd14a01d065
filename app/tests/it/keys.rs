//! Data keys in the database (SE-07): rotation, a new KEK, and what a raw read shows.

use std::sync::Arc;

use domain::TenantId;
use tenancy::keys::{DataKey, Envelope, KeyError, Keyring, LocalFileProvider};
use tenancy::{Act, Audit, InfoClass};

use crate::fixtures::two_clinics;
use crate::harness::Harness;

pub fn keyring() -> Keyring {
    Keyring::new(provider(), None)
}

fn provider() -> Arc<LocalFileProvider> {
    Arc::new(LocalFileProvider::from_key(DataKey::generate().unwrap()))
}

fn done() -> Audit {
    Audit::of(Act::Manage, InfoClass::Clinic)
}

async fn seal(h: &Harness, keyring: &Keyring, clinic: TenantId, text: &str) -> Vec<u8> {
    let tx = h.operator().begin(clinic).await.unwrap();
    let sealed = keyring.seal(&tx, "test", text.as_bytes()).await.unwrap();
    tx.commit(done()).await.unwrap();
    sealed.to_bytes()
}

async fn open(h: &Harness, keyring: &Keyring, clinic: TenantId, sealed: &[u8]) -> Result<String, KeyError> {
    let tx = h.operator().begin(clinic).await.unwrap();
    let opened = keyring.open(&tx, "test", &Envelope::from_bytes(sealed)?).await?;
    Ok(String::from_utf8(opened).unwrap())
}

// SE-07
#[tokio::test]
async fn a_rotated_key_seals_anew_and_still_opens_the_old() {
    let h = Harness::get();
    let (here, neighbour) = two_clinics(h).await;
    let keyring = keyring();
    let old = seal(h, &keyring, here.id, "前の値").await;
    let tx = h.operator().begin(here.id).await.unwrap();
    assert_eq!(keyring.rotate(&tx).await.unwrap(), 2);
    tx.commit(done()).await.unwrap();
    let new = seal(h, &keyring, here.id, "後の値").await;
    assert_eq!(Envelope::from_bytes(&old).unwrap().key_version, 1);
    assert_eq!(Envelope::from_bytes(&new).unwrap().key_version, 2);
    assert_eq!(open(h, &keyring, here.id, &old).await.unwrap(), "前の値");
    assert_eq!(open(h, &keyring, here.id, &new).await.unwrap(), "後の値");
    seal(h, &keyring, neighbour.id, "隣").await;
    assert!(matches!(open(h, &keyring, neighbour.id, &old).await, Err(KeyError::Open)));
}

// SE-07
#[tokio::test]
async fn a_new_kek_rewraps_the_keys_and_the_old_kek_is_no_longer_needed() {
    let h = Harness::get();
    let (here, _) = two_clinics(h).await;
    let (old_kek, new_kek) = (provider(), provider());
    let old = Keyring::new(old_kek.clone(), None);
    let sealed = seal(h, &old, here.id, "値").await;
    let new = Keyring::new(new_kek, None);
    assert!(matches!(open(h, &new, here.id, &sealed).await, Err(KeyError::OtherKek { .. })));
    let tx = h.operator().begin(here.id).await.unwrap();
    let done_now = new.rewrap(&tx, old_kek.as_ref()).await.unwrap();
    tx.commit(done()).await.unwrap();
    assert_eq!((done_now.changed, done_now.already), (1, 0));
    assert_eq!(open(h, &new, here.id, &sealed).await.unwrap(), "値");
    assert!(open(h, &Keyring::new(old_kek, None), here.id, &sealed).await.is_err());
}

// SE-07
#[tokio::test]
async fn first_uses_at_the_same_moment_agree_on_one_key() {
    let h = Harness::get();
    let (here, _) = two_clinics(h).await;
    let kek = provider();
    let rings: Vec<Keyring> = (0..4).map(|_| Keyring::new(kek.clone(), None)).collect();
    let sealed = futures_util::future::join_all(rings.iter().map(|ring| seal(h, ring, here.id, "同じ鍵"))).await;
    for bytes in &sealed {
        assert_eq!(open(h, &Keyring::new(kek.clone(), None), here.id, bytes).await.unwrap(), "同じ鍵");
    }
}
