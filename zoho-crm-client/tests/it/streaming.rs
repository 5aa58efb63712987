//! Files of any size go out and come in without being held.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use client_core::{BodyStream, Upload};
use futures::{TryStreamExt, stream};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Notify,
    task::JoinSet,
};
use zoho_crm_client::{Attachments, DataCenter, FileUpload, RecordId};

use crate::support::{builder, token};

const PIECE: usize = 64 * 1024;
const PIECES: usize = 512;
/// What is on its way between a file and a socket: a small part of the 32 MiB of the file.
const ON_ITS_WAY: u64 = 4 * 1024 * 1024;

/// Bytes that exist at this moment, and the most that ever did.
#[derive(Debug, Default)]
struct Alive {
    now: AtomicU64,
    most: AtomicU64,
}

struct Piece {
    bytes: Vec<u8>,
    alive: Arc<Alive>,
}

fn size(bytes: &[u8]) -> u64 {
    bytes.len().try_into().unwrap()
}

impl Piece {
    fn new(alive: &Arc<Alive>) -> Self {
        let bytes = vec![b'x'; PIECE];
        let now = alive.now.fetch_add(size(&bytes), Ordering::SeqCst) + size(&bytes);
        alive.most.fetch_max(now, Ordering::SeqCst);
        Self {
            bytes,
            alive: Arc::clone(alive),
        }
    }
}

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        self.alive
            .now
            .fetch_sub(size(&self.bytes), Ordering::SeqCst);
    }
}

/// A server that keeps nothing of what it gets, and ends a file only when the first part of it has arrived.
#[derive(Debug, Default)]
struct Server {
    /// Bytes of the bodies that came in.
    received: AtomicU64,
    first_part_arrived: Notify,
}

impl Server {
    async fn start(self: Arc<Self>) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (connection, _) = listener.accept().await.unwrap();
                let server = Arc::clone(&self);
                connections.spawn(async move { server.serve(connection, address).await });
            }
        });
        tasks.detach_all();
        address
    }

    async fn serve(&self, mut connection: TcpStream, address: SocketAddr) {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(connection.read_u8().await.unwrap());
        }
        let head = String::from_utf8(head).unwrap().to_lowercase();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let mut left: usize = length.map_or(0, |length| length.parse().unwrap());
        let mut buffer = vec![0; PIECE];
        while left > 0 {
            let read = connection.read(&mut buffer).await.unwrap();
            assert!(read > 0, "the body broke off");
            left -= read;
            self.received
                .fetch_add(size(&buffer[..read]), Ordering::SeqCst);
        }
        if head.starts_with("get ") {
            return self.give_a_file(connection).await;
        }
        let answer = if head.starts_with("post /oauth/") {
            self.received.store(0, Ordering::SeqCst);
            token(&format!("http://{address}"))
        } else {
            json!({"data": [{"code": "SUCCESS", "details": {"id": "34"}, "message": "attachment uploaded successfully", "status": "success"}]})
        };
        let answer = answer.to_string();
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
            answer.len()
        );
        connection.write_all(head.as_bytes()).await.unwrap();
        connection.write_all(answer.as_bytes()).await.unwrap();
    }

    async fn give_a_file(&self, mut connection: TcpStream) {
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/x-download\r\ncontent-disposition: attachment; filename=\"a.bin\"\r\nconnection: close\r\ncontent-length: 10\r\n\r\n";
        connection.write_all(head.as_bytes()).await.unwrap();
        connection.write_all(b"first").await.unwrap();
        self.first_part_arrived.notified().await;
        connection.write_all(b"after").await.unwrap();
    }
}

async fn attachments(server: &Arc<Server>) -> Attachments {
    let address = Arc::clone(server).start().await;
    let (builder, ..) = builder(DataCenter::custom(&format!("http://{address}")).unwrap());
    let client = builder.build().unwrap();
    let account: RecordId = "12".parse().unwrap();
    client.module("Accounts").record(&account).attachments()
}

#[tokio::test]
async fn a_file_is_sent_while_it_is_read() {
    let alive = Arc::new(Alive::default());
    let counted = Arc::clone(&alive);
    let length = (PIECES * PIECE).try_into().unwrap();
    let content = Upload::new(length, move || {
        let alive = Arc::clone(&counted);
        let piece = move |_| Ok(Bytes::from_owner(Piece::new(&alive)));
        BodyStream::new(stream::iter((0..PIECES).map(piece)))
    });
    let server = Arc::new(Server::default());
    let file = FileUpload::streamed("large.bin", content);
    let written = attachments(&server).await.upload(&file).await.unwrap();
    assert_eq!(written.id, "34");
    let received = server.received.load(Ordering::SeqCst);
    assert!(received > length, "{received} bytes arrived");
    let most = alive.most.load(Ordering::SeqCst);
    assert!(most < ON_ITS_WAY, "{most} bytes were held at once");
}

#[tokio::test]
async fn a_file_is_handed_over_before_its_end_is_sent() {
    let server = Arc::new(Server::default());
    let attachments = attachments(&server).await;
    let file = attachments.download_stream(&"34".parse().unwrap()).await;
    let mut file = file.unwrap().unwrap();
    assert_eq!(file.name.as_deref(), Some("a.bin"));
    assert_eq!(file.content.piece().await.unwrap().unwrap(), "first");
    server.first_part_arrived.notify_one();
    let rest: Vec<Bytes> = file.content.try_collect().await.unwrap();
    assert_eq!(rest.concat(), b"after");
}
