//! A name server that says what a test has it say. Of a name that no test told it of, it says that
//! there is none.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use hickory_resolver::proto::op::{Message, ResponseCode};
use hickory_resolver::proto::rr::rdata::{CNAME, TXT};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use tokio::net::UdpSocket;

/// A text is cut into strings of this many bytes, as it is in DNS (RFC 1035 §3.3.14).
const STRING_LENGTH: usize = 255;

pub struct DnsServer {
    pub address: SocketAddr,
    zone: Arc<Mutex<Zone>>,
}

#[derive(Default)]
struct Zone {
    says: HashMap<String, Says>,
    asked: Vec<String>,
}

#[derive(Clone)]
enum Says {
    Texts(Vec<String>),
    Alias(String),
    Code(ResponseCode),
    Nothing,
}

impl DnsServer {
    pub async fn start() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let zone = Arc::new(Mutex::new(Zone::default()));
        let answering = Arc::clone(&zone);
        tokio::spawn(async move {
            let mut bytes = vec![0; 4_096];
            while let Ok((length, from)) = socket.recv_from(&mut bytes).await {
                let question = Message::from_vec(&bytes[..length]).unwrap();
                let answer = answering.lock().unwrap().answer(&question);
                if let Some(answer) = answer {
                    let answer = answer.to_vec().unwrap();
                    socket.send_to(&answer, from).await.unwrap();
                }
            }
        });
        Self { address, zone }
    }

    /// `name` has these TXT records, which may be none.
    pub fn has(&self, name: &str, texts: &[&str]) {
        let texts = texts.iter().map(|text| (*text).to_owned()).collect();
        self.says(name, Says::Texts(texts));
    }

    /// `name` stands for `target`.
    pub fn has_alias(&self, name: &str, target: &str) {
        self.says(name, Says::Alias(target.to_owned()));
    }

    /// Asked for `name`, it can say nothing.
    pub fn fails_at(&self, name: &str, code: ResponseCode) {
        self.says(name, Says::Code(code));
    }

    /// Asked for `name`, it says nothing.
    pub fn is_silent_at(&self, name: &str) {
        self.says(name, Says::Nothing);
    }

    /// The names it was asked for, each once, in order of the alphabet.
    pub fn asked(&self) -> Vec<String> {
        let mut asked = self.zone.lock().unwrap().asked.clone();
        asked.sort();
        asked.dedup();
        asked
    }

    fn says(&self, name: &str, says: Says) {
        let mut zone = self.zone.lock().unwrap();
        zone.says.insert(name.to_owned(), says);
    }
}

impl Zone {
    fn answer(&mut self, question: &Message) -> Option<Message> {
        let query = question.queries[0].clone();
        assert_eq!(query.query_type(), RecordType::TXT);
        let name = query.name().to_ascii().trim_end_matches('.').to_owned();
        self.asked.push(name.clone());
        let mut answer = Message::response(question.metadata.id, question.metadata.op_code);
        answer.metadata.recursion_available = true;
        answer.add_query(query.clone());
        let mut owner = query.name().clone();
        let mut says = self.says.get(&name).cloned();
        if let Some(Says::Alias(target)) = says {
            let target_name = Name::from_ascii(format!("{target}.")).unwrap();
            let alias = RData::CNAME(CNAME(target_name.clone()));
            answer.add_answer(Record::from_rdata(owner, 60, alias));
            owner = target_name;
            says = self.says.get(&target).cloned();
        }
        match says {
            Some(Says::Texts(texts)) => {
                for text in texts {
                    let strings = text.as_bytes().chunks(STRING_LENGTH).collect();
                    let data = RData::TXT(TXT::from_bytes(strings));
                    answer.add_answer(Record::from_rdata(owner.clone(), 60, data));
                }
            }
            Some(Says::Code(code)) => answer.metadata.response_code = code,
            Some(Says::Nothing) => return None,
            Some(Says::Alias(_)) | None => {
                answer.metadata.response_code = ResponseCode::NXDomain;
            }
        }
        Some(answer)
    }
}
