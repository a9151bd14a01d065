//! The KMS driver over a real socket, against a service of our own that checks what it receives: target, key, encryption context,
//! signature header; and that can be told to fail. SE-07.

use std::collections::HashMap;
use std::sync::Mutex;

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use tenancy::keys::{DataKey, KeyContext, KeyError, KeyProvider};
use tsumugi::adapters::kms::{KmsConfig, KmsProvider};
use uuid::Uuid;

const KEY: &str = "arn:aws:kms:ap-northeast-1:111122223333:key/test";

#[derive(Default)]
struct Service {
    /// Ciphertext to context and plaintext.
    sealed: Mutex<HashMap<String, (Value, String)>>,
    fault: Mutex<Option<&'static str>>,
}

fn error(code: &str) -> HttpResponse {
    HttpResponse::BadRequest().insert_header(("x-amzn-errortype", code)).json(json!({"__type": code}))
}

async fn answer(service: web::Data<Service>, req: HttpRequest, body: web::Bytes) -> HttpResponse {
    if let Some(code) = *service.fault.lock().unwrap() {
        return error(code);
    }
    let header = |name: &str| req.headers().get(name).and_then(|v| v.to_str().ok()).unwrap_or("").to_owned();
    let asked: Value = serde_json::from_slice(&body).unwrap();
    if !header("authorization").starts_with("AWS4-HMAC-SHA256 Credential=test/") || asked["KeyId"] != KEY {
        return error("AccessDeniedException");
    }
    let context = asked["EncryptionContext"].clone();
    match header("x-amz-target").as_str() {
        "TrentService.Encrypt" => {
            let mut sealed = service.sealed.lock().unwrap();
            let blob = BASE64_STANDARD.encode(format!("sealed-{}", sealed.len()));
            sealed.insert(blob.clone(), (context, asked["Plaintext"].as_str().unwrap().to_owned()));
            HttpResponse::Ok().json(json!({"KeyId": KEY, "CiphertextBlob": blob}))
        }
        "TrentService.Decrypt" => match service.sealed.lock().unwrap().get(asked["CiphertextBlob"].as_str().unwrap()) {
            Some((sealed_for, plain)) if *sealed_for == context => HttpResponse::Ok().json(json!({"KeyId": KEY, "Plaintext": plain})),
            _ => error("InvalidCiphertextException"),
        },
        _ => error("UnknownOperationException"),
    }
}

fn start() -> (web::Data<Service>, String) {
    let service = web::Data::new(Service::default());
    let shared = service.clone();
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let server =
                HttpServer::new(move || App::new().app_data(shared.clone()).default_service(web::to(answer))).workers(1).disable_signals();
            let server = server.bind(("127.0.0.1", 0)).unwrap();
            sender.send(server.addrs()[0]).unwrap();
            server.run().await.unwrap();
        });
    });
    let address = receiver.recv().unwrap();
    (service, format!("http://{address}"))
}

#[tokio::test]
async fn a_data_key_wrapped_by_kms_opens_for_its_own_clinic_only() {
    let (service, endpoint) = start();
    let config = KmsConfig {
        key_id: KEY.into(),
        region: "ap-northeast-1".into(),
        endpoint: Some(endpoint),
        credentials: Some(("test".into(), "secret".into())),
    };
    let kms = KmsProvider::new(config).await;
    let context = KeyContext { tenant: Uuid::from_u128(7), key_version: 1 };
    let key = DataKey::generate().unwrap();
    let wrapped = kms.wrap(context, &key).await.unwrap();
    assert_eq!(kms.unwrap(context, &wrapped).await.unwrap().expose(), key.expose());
    let elsewhere = KeyContext { tenant: Uuid::from_u128(8), ..context };
    assert!(matches!(kms.unwrap(elsewhere, &wrapped).await, Err(KeyError::Unwrap)));
    assert!(matches!(kms.unwrap(context, b"altered").await, Err(KeyError::Unwrap)));

    *service.fault.lock().unwrap() = Some("AccessDeniedException");
    assert!(matches!(kms.unwrap(context, &wrapped).await, Err(KeyError::Provider(code)) if code == "AccessDeniedException"));
    assert!(matches!(kms.wrap(context, &key).await, Err(KeyError::Provider(_))));
}
