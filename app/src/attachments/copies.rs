//! The sealed bytes of clean files where backups lie: put there by the worker, brought back by `tsumugi restore`.

use domain::TenantId;

use crate::objectstore::{ObjectStore, StoreError};

const FOLDER: &str = "attachment/";

/// Where the copy of an object lies in the bucket of the backups.
pub fn copy_key(object: &str) -> String {
    format!("{FOLDER}{object}")
}

/// Puts every copy of a clinic back to where files are read from; how many objects.
pub async fn bring_back(from: &ObjectStore, to: &ObjectStore, clinic: TenantId) -> Result<usize, StoreError> {
    let copies = from.list(&copy_key(&format!("{clinic}/"))).await?;
    for copy in &copies {
        let object = copy.key.strip_prefix(FOLDER).unwrap_or(&copy.key);
        to.put(object, from.get_bytes(&copy.key).await?, "application/octet-stream").await?;
    }
    Ok(copies.len())
}
