//! The object store behind the S3 protocol: archives and anchors in a bucket whose default retention is COMPLIANCE, pictures and
//! documents in another.
//!
//! Which keys a process holds decides what it can do: of archives the writer's can only put and the reader's only read; the keeper's
//! get and put pictures and documents by name. Nothing here deletes, and nothing needs to.

use std::path::Path;
use std::time::Duration;

use aws_lc_rs::digest;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region, RequestChecksumCalculation, ResponseChecksumValidation};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart};
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode};
use base64::Engine as _;
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};

/// One part of an upload; the memory an upload holds is twice this.
pub const PART_LEN: usize = 8 * 1024 * 1024;

/// Where the bucket is and as whom.
#[derive(Clone, Debug)]
pub struct StoreConfig {
    pub endpoint: String,
    pub region: String,
    pub bucket: String,
    pub access_key: String,
    pub secret_key: SecretString,
    /// PEM of a private certificate authority, for a store of our own.
    pub ca_pem: Option<Vec<u8>>,
}

impl StoreConfig {
    /// Reads the CA file when one is named.
    pub fn ca_pem(file: Option<&Path>) -> Result<Option<Vec<u8>>, std::io::Error> {
        file.map(std::fs::read).transpose()
    }
}

/// Why a store did not do what was asked. The code is the store's own (`AccessDenied`, `NoSuchKey`).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    #[error("the object store refused to {act}: {code}")]
    Refused { act: &'static str, code: String },
    #[error("the object store cannot be reached ({act}): {cause}")]
    Unreachable { act: &'static str, cause: String },
    #[error("the object store is configured wrongly: {0}")]
    Config(String),
}

impl StoreError {
    fn from_sdk<E: ProvideErrorMetadata>(act: &'static str, error: &SdkError<E>) -> Self {
        match error.code() {
            Some(code) => Self::Refused { act, code: code.to_owned() },
            None => match error.raw_response() {
                Some(reply) => Self::Refused { act, code: reply.status().as_u16().to_string() },
                None => Self::Unreachable { act, cause: kind(error).to_owned() },
            },
        }
    }

    /// The store's code, when it answered.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { code, .. } => Some(code),
            _ => None,
        }
    }
}

fn kind<E>(error: &SdkError<E>) -> &'static str {
    match error {
        SdkError::TimeoutError(_) => "timeout",
        SdkError::DispatchFailure(_) => "connection failed",
        SdkError::ResponseError(_) => "unreadable reply",
        _ => "request could not be made",
    }
}

/// An object as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub key: String,
    pub bytes: u64,
    pub modified_at: Option<DateTime<Utc>>,
}

#[derive(Clone)]
pub struct ObjectStore {
    client: aws_sdk_s3::Client,
    bucket: String,
}

impl ObjectStore {
    pub fn new(config: &StoreConfig) -> Result<Self, StoreError> {
        let secret = config.secret_key.expose_secret();
        let s3 = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(&config.endpoint)
            .region(Region::new(config.region.clone()))
            .credentials_provider(Credentials::new(&config.access_key, secret, None, None, "tsumugi"))
            .force_path_style(true)
            .http_client(http_client(config.ca_pem.as_deref())?)
            // Checksums are given with each put below; stores older than 2025 do not know the SDK's trailing ones.
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
            .retry_config(RetryConfig::standard().with_max_attempts(4))
            .timeout_config(
                TimeoutConfig::builder().connect_timeout(Duration::from_secs(5)).operation_attempt_timeout(Duration::from_secs(60)).build(),
            )
            .build();
        Ok(Self { client: aws_sdk_s3::Client::from_conf(s3), bucket: config.bucket.clone() })
    }

    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// The SDK's client, for acts the product does not do: the tests that try to break the lock.
    pub fn client(&self) -> &aws_sdk_s3::Client {
        &self.client
    }

    /// Stores a small object whole.
    pub async fn put(&self, key: &str, bytes: Vec<u8>, content_type: &str) -> Result<(), StoreError> {
        let checksum = sha256_base64(&bytes);
        let put = self.client.put_object().bucket(&self.bucket).key(key).content_type(content_type);
        let sent = put.checksum_sha256(checksum).body(ByteStream::from(bytes)).send().await;
        sent.map(drop).map_err(|e| StoreError::from_sdk("put", &e))
    }

    /// Opens an object for reading, chunk by chunk.
    pub async fn get(&self, key: &str) -> Result<ByteStream, StoreError> {
        let got = self.client.get_object().bucket(&self.bucket).key(key).send().await;
        got.map(|object| object.body).map_err(|e| StoreError::from_sdk("get", &e))
    }

    /// A whole small object.
    pub async fn get_bytes(&self, key: &str) -> Result<Vec<u8>, StoreError> {
        let body = self.get(key).await?.collect().await;
        body.map(|bytes| bytes.to_vec()).map_err(|e| StoreError::Unreachable { act: "get", cause: e.to_string() })
    }

    /// All objects under a prefix, in the order of their keys.
    pub async fn list(&self, prefix: &str) -> Result<Vec<Listed>, StoreError> {
        let mut found = Vec::new();
        let mut pages = self.client.list_objects_v2().bucket(&self.bucket).prefix(prefix).into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|e| StoreError::from_sdk("list", &e))?;
            found.extend(page.contents().iter().filter_map(|object| {
                Some(Listed {
                    key: object.key()?.to_owned(),
                    bytes: object.size().and_then(|size| u64::try_from(size).ok()).unwrap_or_default(),
                    modified_at: object.last_modified().and_then(|at| DateTime::from_timestamp(at.secs(), at.subsec_nanos())),
                })
            }));
        }
        Ok(found)
    }

    /// Begins an object of unknown length.
    pub async fn upload(&self, key: &str) -> Result<Upload<'_>, StoreError> {
        let begin = self.client.create_multipart_upload().bucket(&self.bucket).key(key);
        let begun = begin.checksum_algorithm(ChecksumAlgorithm::Sha256).content_type("application/octet-stream").send().await;
        let begun = begun.map_err(|e| StoreError::from_sdk("begin an upload", &e))?;
        let id = begun.upload_id().ok_or_else(|| StoreError::Config("the store gave no upload id".into()))?;
        let (key, id) = (key.to_owned(), id.to_owned());
        Ok(Upload { store: self, key, id, parts: Vec::new(), pending: Vec::new(), bytes: 0 })
    }
}

fn http_client(ca_pem: Option<&[u8]>) -> Result<aws_sdk_s3::config::SharedHttpClient, StoreError> {
    let trust = match ca_pem {
        Some(pem) => TrustStore::empty().with_pem_certificate(pem),
        None => TrustStore::default(),
    };
    let tls = TlsContext::builder().with_trust_store(trust).build().map_err(|e| StoreError::Config(e.to_string()))?;
    Ok(aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::AwsLc)).tls_context(tls).build_https())
}

fn sha256_base64(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(digest::digest(&digest::SHA256, bytes))
}

/// An object being written. It comes into being at [`Upload::finish`]; a broken upload leaves none.
pub struct Upload<'a> {
    store: &'a ObjectStore,
    key: String,
    id: String,
    parts: Vec<CompletedPart>,
    pending: Vec<u8>,
    bytes: u64,
}

impl Upload<'_> {
    /// Adds bytes; sends a part whenever one is full.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.pending.extend_from_slice(bytes);
        self.bytes += bytes.len() as u64;
        if self.pending.len() >= PART_LEN { self.send_part().await } else { Ok(()) }
    }

    async fn send_part(&mut self) -> Result<(), StoreError> {
        let body = std::mem::replace(&mut self.pending, Vec::with_capacity(PART_LEN + (PART_LEN >> 2)));
        let number = i32::try_from(self.parts.len() + 1).map_err(|_| StoreError::Config("too many parts".into()))?;
        let checksum = sha256_base64(&body);
        let part = self.store.client.upload_part().bucket(&self.store.bucket).key(&self.key).upload_id(&self.id);
        let part = part.part_number(number).checksum_sha256(&checksum).body(ByteStream::from(body));
        let sent = part.send().await.map_err(|e| StoreError::from_sdk("upload a part", &e))?;
        let done = CompletedPart::builder().part_number(number).set_e_tag(sent.e_tag().map(str::to_owned));
        self.parts.push(done.checksum_sha256(checksum).build());
        Ok(())
    }

    /// Sends the rest and makes the object; gives its length. Where that fails the parts are given back.
    pub async fn finish(mut self) -> Result<u64, StoreError> {
        match self.complete().await {
            Ok(()) => Ok(self.bytes),
            Err(error) => {
                self.abandon().await;
                Err(error)
            }
        }
    }

    async fn complete(&mut self) -> Result<(), StoreError> {
        if !self.pending.is_empty() || self.parts.is_empty() {
            self.send_part().await?;
        }
        let parts = CompletedMultipartUpload::builder().set_parts(Some(std::mem::take(&mut self.parts))).build();
        let finish = self.store.client.complete_multipart_upload().bucket(&self.store.bucket).key(&self.key);
        let finished = finish.upload_id(&self.id).multipart_upload(parts).send().await;
        finished.map(drop).map_err(|e| StoreError::from_sdk("finish an upload", &e))
    }

    /// Gives the parts back. A writer without the right to abort leaves them to the bucket's lifecycle rule.
    pub async fn abandon(self) {
        let abort = self.store.client.abort_multipart_upload().bucket(&self.store.bucket).key(&self.key);
        if let Err(error) = abort.upload_id(&self.id).send().await {
            let code = StoreError::from_sdk("abort an upload", &error);
            tracing::warn!(%code, "unfinished upload left in the bucket");
        }
    }
}
