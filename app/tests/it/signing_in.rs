//! Sign-in, as a visitor meets it.

use crate::harness::Harness;

#[tokio::test]
async fn the_process_and_its_dependencies_answer() {
    let visitor = Harness::get().anonymous();
    visitor.get("/healthz").await.expect(200);
    let ready = visitor.get("/readyz").await.expect(200);
    assert_eq!(ready.body, "database ok\nredis ok\n");
}

#[tokio::test]
async fn an_unknown_page_is_a_plain_404_with_a_request_id() {
    let answer = Harness::get().anonymous().get("/nowhere").await.expect(404);
    assert!(answer.body.contains("見つかりません"));
    assert!(answer.body.contains(answer.header("x-request-id")));
    assert!(answer.header("content-security-policy").contains("default-src 'none'"));
}
