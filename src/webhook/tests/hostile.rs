//! Clients that send too much, too slowly, nothing, or nonsense.

use super::*;

/// A review is converted, if not at the first try: those who hold the room lose
/// it after the same patience that this one waits with.
async fn finds_room(server: &Server, body: Vec<u8>) {
    for _ in 0..30 {
        let (status, _, _) = server.client().await.send(body.clone()).await.unwrap();
        if status == 200 {
            return;
        }
        assert_eq!(status, 503);
    }
    panic!("the room never came back");
}

#[tokio::test]
async fn garbage_is_refused_in_words_and_the_server_lives() {
    let server = start(limits(), between_versions).await;
    for garbage in [&b""[..], b"{", b"\xff\xfe\x00", b"[1,2]", b"\"\"", b"null"] {
        let (status, _, body) = server.client().await.send(garbage).await.unwrap();
        assert_eq!(status, 400);
        let text = String::from_utf8(body.to_vec()).unwrap();
        assert!(text.contains("ConversionReview"), "{text}");
    }
    // Not even HTTP, and not even TLS.
    let mut stream = server.tls(&server.ca).await.unwrap();
    stream.write_all(&[0; 512]).await.unwrap();
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest).await;
    let mut plain = TcpStream::connect(server.address).await.unwrap();
    plain
        .write_all(b"POST /convert HTTP/1.1\r\n\r\n")
        .await
        .unwrap();
    let _ = plain.read_to_end(&mut rest).await;

    let reply = server
        .client()
        .await
        .review("myob.com/v1beta1", &json!([object("a", 1)]))
        .await;
    assert_eq!(reply["response"]["result"]["status"], "Success");
    server.stop().await;
}

#[tokio::test]
async fn property_09_past_the_bound_is_a_clean_failure_with_a_length_and_without() {
    let small = Limits {
        review: 2 << 20,
        ..limits()
    };
    let server = start(small, between_versions).await;

    let mut stream = server.tls(&server.ca).await.unwrap();
    let head = format!(
        "POST /convert HTTP/1.1\r\nhost: a\r\ncontent-length: {}\r\n\r\n",
        3 << 20
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(answer.contains("larger than 2097152 bytes"), "{answer}");

    let stream = server.tls(&server.ca).await.unwrap();
    let (mut from, mut to) = tokio::io::split(stream);
    let head = "POST /convert HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n";
    to.write_all(head.as_bytes()).await.unwrap();
    let flood = tokio::spawn(async move {
        let chunk = [b"10000\r\n".as_slice(), &vec![b' '; 0x10000], b"\r\n"].concat();
        while to.write_all(&chunk).await.is_ok() {}
    });
    let mut answer = vec![0; 12];
    from.read_exact(&mut answer).await.unwrap();
    assert_eq!(answer, b"HTTP/1.1 413");
    drop(from);
    flood.await.unwrap();
    server.stop().await;
}

#[tokio::test]
async fn a_full_house_makes_wait_and_turns_nobody_away() {
    let tight = Limits {
        review: 4 << 20,
        large_in_flight: 4 << 20,
        ..limits()
    };
    let server = Arc::new(start(tight, between_versions).await);
    let clients = (0..8).map(|_| {
        let server = Arc::clone(&server);
        tokio::spawn(async move {
            let objects = json!([object("a", 3 << 20)]);
            let reply = server
                .client()
                .await
                .review("myob.com/v1beta1", &objects)
                .await;
            assert_eq!(reply["response"]["result"]["status"], "Success");
        })
    });
    for client in clients.collect::<Vec<_>>() {
        client.await.unwrap();
    }
    Arc::into_inner(server).unwrap().stop().await;
}

#[tokio::test]
async fn slow_clients_are_cut_off_and_hold_nobody_up() {
    let hasty = Limits {
        review: 2 << 20,
        large_in_flight: 2 << 20,
        connections: 3,
        handshake: Duration::from_secs(1),
        idle: Duration::from_secs(1),
        patience: Duration::from_secs(1),
        ..limits()
    };
    let server = start(hasty, between_versions).await;
    // No handshake; half a head; half a body that reserves all room there is.
    let mut silent = TcpStream::connect(server.address).await.unwrap();
    let mut head = server.tls(&server.ca).await.unwrap();
    head.write_all(b"POST /convert HTTP/1.1\r\nho")
        .await
        .unwrap();
    let mut body = server.tls(&server.ca).await.unwrap();
    let partial = format!(
        "POST /convert HTTP/1.1\r\nhost: a\r\ncontent-length: {}\r\n\r\n{{",
        2 << 20
    );
    body.write_all(partial.as_bytes()).await.unwrap();

    let objects = json!([object("a", 3 << 19)]);
    finds_room(&server, review("myob.com/v1beta1", &objects)).await;

    let mut rest = Vec::new();
    assert_eq!(silent.read_to_end(&mut rest).await.unwrap_or(0), 0);
    let _ = head.read_to_end(&mut rest).await;
    let mut answer = String::new();
    let _ = body.read_to_string(&mut answer).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    server.stop().await;
}

#[tokio::test]
async fn an_answer_that_nobody_reads_does_not_keep_its_room() {
    let hasty = Limits {
        review: 16 << 20,
        large_in_flight: 16 << 20,
        // The review itself must arrive within it on a machine that is busy.
        patience: Duration::from_secs(5),
        ..limits()
    };
    let server = start(hasty, between_versions).await;
    let body = review("myob.com/v1beta1", &json!([object("a", 15 << 20)]));
    let mut deaf = server.tls(&server.ca).await.unwrap();
    let head = format!(
        "POST /convert HTTP/1.1\r\nhost: a\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    deaf.write_all(head.as_bytes()).await.unwrap();
    deaf.write_all(&body).await.unwrap();
    deaf.flush().await.unwrap();
    // Only one of them fits at a time: this one waits for the other's end.
    until(|| {
        server
            .metrics
            .encode()
            .unwrap()
            .contains("reviews_total{result=\"Success\"} 1")
    })
    .await;
    finds_room(&server, body).await;
    drop(deaf);
    server.stop().await;
}

/// It lies in etcd since before there was a schema, and every list has it.
#[tokio::test]
async fn property_08_an_object_of_any_depth_fails_nobody() {
    let server = start(limits(), between_versions).await;
    let mut client = server.client().await;
    let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    for depth in [200, 9_900] {
        let spec = |storage: &str| format!(r#"{{"size":"db.t2.small","storage":{storage}}}"#);
        let mut objects = [object("a", 1), object("b", 1)].map(|object| object.to_string());
        objects[1] = objects[1].replace(&spec("\"10\""), &spec(&deep(depth)));
        assert!(objects[1].contains(&deep(depth)));
        let body = envelope("myob.com/v1beta1", &objects.join(","));
        let (status, _, body) = client.send(body).await.unwrap();
        assert_eq!(status, 200);
        let reply: Value = serde_json::from_slice(&body).unwrap();
        let response = &reply["response"];
        assert_eq!(response["result"]["status"], "Success", "{reply}");
        let converted = response["convertedObjects"].as_array().unwrap();
        assert_eq!(converted[0]["spec"]["storage"], "10Gi");
        assert_eq!(converted[1]["spec"], json!({"size": "db.t2.small"}));

        let body = review("myob.com/v1alpha1", &response["convertedObjects"]);
        let (_, _, body) = client.send(body).await.unwrap();
        let text = String::from_utf8(body.to_vec()).unwrap();
        assert!(text.contains(&spec(&deep(depth))), "{depth}");
        assert!(text.contains(r#""status":"Success""#), "{depth}");
    }
    server.stop().await;
}
