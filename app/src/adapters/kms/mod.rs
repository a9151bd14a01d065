//! The key-encryption key in AWS KMS (E.6.1.3: FIPS 140 modules). The KEK never leaves the service; each data key is wrapped under it
//! with its clinic and version as encryption context, so a wrapped key moved to another row does not unwrap.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_kms::Client;
use aws_sdk_kms::config::retry::RetryConfig;
use aws_sdk_kms::config::timeout::TimeoutConfig;
use aws_sdk_kms::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_kms::primitives::Blob;
use futures_util::future::BoxFuture;
use tenancy::keys::{DataKey, KeyContext, KeyError, KeyProvider};

/// Where the key is and as whom.
pub struct KmsConfig {
    pub key_id: String,
    pub region: String,
    /// Another address than the region's own: a private endpoint, or a test.
    pub endpoint: Option<String>,
    /// Static credentials; without them the platform's own chain is used.
    pub credentials: Option<(String, String)>,
}

pub struct KmsProvider {
    client: Client,
    key_id: String,
}

impl KmsProvider {
    pub async fn new(config: KmsConfig) -> Self {
        let timeouts = TimeoutConfig::builder().operation_timeout(Duration::from_secs(5)).connect_timeout(Duration::from_secs(2)).build();
        let mut builder = aws_config::defaults(BehaviorVersion::latest())
            .region(Region::new(config.region))
            .retry_config(RetryConfig::standard().with_max_attempts(3))
            .timeout_config(timeouts);
        if let Some((access, secret)) = config.credentials {
            builder = builder.credentials_provider(Credentials::new(access, secret, None, None, "tsumugi"));
        }
        if let Some(endpoint) = config.endpoint {
            builder = builder.endpoint_url(endpoint);
        }
        Self { client: Client::new(&builder.load().await), key_id: config.key_id }
    }
}

fn encryption_context(context: KeyContext) -> HashMap<String, String> {
    HashMap::from([
        ("tsumugi:tenant".to_owned(), context.tenant.to_string()),
        ("tsumugi:key-version".to_owned(), context.key_version.to_string()),
    ])
}

/// A ciphertext the service cannot open is a wrong key; everything else is a service that did not answer as it should.
fn refused<E: ProvideErrorMetadata>(error: &SdkError<E>) -> KeyError {
    match error.code() {
        Some("InvalidCiphertextException" | "IncorrectKeyException") => KeyError::Unwrap,
        Some(code) => KeyError::Provider(code.to_owned()),
        None => KeyError::Provider("no answer".to_owned()),
    }
}

impl KeyProvider for KmsProvider {
    fn name(&self) -> &'static str {
        "kms"
    }

    fn kek_id(&self) -> &str {
        &self.key_id
    }

    fn wrap<'a>(&'a self, context: KeyContext, key: &'a DataKey) -> BoxFuture<'a, Result<Vec<u8>, KeyError>> {
        Box::pin(async move {
            let request = self.client.encrypt().key_id(&self.key_id).set_encryption_context(Some(encryption_context(context)));
            let answer = request.plaintext(Blob::new(key.expose().as_slice())).send().await.map_err(|e| refused(&e))?;
            answer.ciphertext_blob.map(Blob::into_inner).ok_or_else(|| KeyError::Provider("empty answer".into()))
        })
    }

    fn unwrap<'a>(&'a self, context: KeyContext, wrapped: &'a [u8]) -> BoxFuture<'a, Result<DataKey, KeyError>> {
        Box::pin(async move {
            let request = self.client.decrypt().key_id(&self.key_id).set_encryption_context(Some(encryption_context(context)));
            let answer = request.ciphertext_blob(Blob::new(wrapped)).send().await.map_err(|e| refused(&e))?;
            let plain = answer.plaintext.map(Blob::into_inner).ok_or_else(|| KeyError::Provider("empty answer".into()))?;
            DataKey::from_slice(&plain)
        })
    }
}
