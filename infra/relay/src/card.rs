//! A doctor's HPKI card in this machine's reader, by PKCS#11. The PIN is asked for here, handed to the card and forgotten; what is
//! signed are digests the product laid out; the key never leaves the card. The card is let go when it is pulled, when the doctor
//! signs out, and when it was not used for a while.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cryptoki::context::{CInitializeArgs, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::AuthPin;
use serde::{Deserialize, Serialize};

use crate::cloud::Cloud;
use crate::config::Config;
use crate::files;

const NOTHING_IN: Duration = Duration::from_secs(2);
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// An unlocked card nobody uses is let go.
const IDLE: Duration = Duration::from_secs(30 * 60);
/// Certificates of one card: for signing, for authentication, and room.
const MOST: usize = 4;

/// What the product wants of a card.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Job {
    pub id: String,
    pub errand: Errand,
    content: String,
    /// SHA-256 of the certificate it is for
    #[serde(default)]
    pub fingerprint: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Errand {
    SignIn,
    Sign,
    SignOut,
}

/// What the card made of it.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Done {
    signature: String,
    refusal: &'static str,
}

/// Why the card did not sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    Pin,
    Locked,
    SignedOut,
    Card,
}

impl Refusal {
    const fn code(self) -> &'static str {
        match self {
            Self::Pin => "pin",
            Self::Locked => "locked",
            Self::SignedOut => "signed_out",
            Self::Card => "card",
        }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        match error {
            Error::Pkcs11(RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange | RvError::FunctionCanceled, _) => Self::Pin,
            Error::Pkcs11(RvError::PinLocked, _) => Self::Locked,
            Error::Pkcs11(RvError::UserNotLoggedIn, _) => Self::SignedOut,
            _ => Self::Card,
        }
    }
}

/// A certificate on the card in the reader.
#[derive(Debug, Clone)]
pub struct Shown {
    slot: Slot,
    id: Vec<u8>,
    pub der: Vec<u8>,
}

struct Unlocked {
    slot: Slot,
    session: Session,
    used: Instant,
}

pub struct CardReader {
    module: Pkcs11,
    pin_program: Option<PathBuf>,
    unlocked: Option<Unlocked>,
}

impl CardReader {
    pub fn open(module: &Path, pin_program: Option<PathBuf>) -> anyhow::Result<Self> {
        let pkcs11 = Pkcs11::new(module).with_context(|| format!("カードのモジュールを読めません: {}", module.display()))?;
        pkcs11.initialize(CInitializeArgs::OsThreads).context("カードのモジュールを始められません")?;
        Ok(Self { module: pkcs11, pin_program, unlocked: None })
    }

    /// Every certificate of every card in a reader; nothing of it is secret.
    pub fn certificates(&self) -> Vec<Shown> {
        let slots = self.module.get_slots_with_initialized_token().unwrap_or_default();
        let mut shown: Vec<Shown> = slots.into_iter().flat_map(|slot| self.of_slot(slot).unwrap_or_default()).collect();
        shown.truncate(MOST);
        shown
    }

    fn of_slot(&self, slot: Slot) -> Result<Vec<Shown>, Error> {
        let session = self.module.open_ro_session(slot)?;
        let mut shown = Vec::new();
        for object in session.find_objects(&[Attribute::Class(ObjectClass::CERTIFICATE)])? {
            let (mut der, mut id) = (Vec::new(), Vec::new());
            for attribute in session.get_attributes(object, &[AttributeType::Value, AttributeType::Id])? {
                match attribute {
                    Attribute::Value(value) => der = value,
                    Attribute::Id(value) => id = value,
                    _ => {}
                }
            }
            if !der.is_empty() {
                shown.push(Shown { slot, id, der });
            }
        }
        Ok(shown)
    }

    /// The card is gone, or nobody used it for long.
    pub fn tidy(&mut self, shown: &[Shown]) {
        let is_here = |slot: Slot| shown.iter().any(|card| card.slot == slot);
        if self.unlocked.as_ref().is_some_and(|open| !is_here(open.slot) || open.used.elapsed() > IDLE) {
            self.lock();
        }
    }

    fn lock(&mut self) {
        if let Some(open) = self.unlocked.take() {
            let _ = open.session.logout();
        }
    }

    pub fn work(&mut self, job: &Job, shown: &[Shown]) -> Done {
        match self.signed(job, shown) {
            Ok(signature) => Done { signature: STANDARD.encode(signature), refusal: "" },
            Err(refusal) => Done { signature: String::new(), refusal: refusal.code() },
        }
    }

    fn signed(&mut self, job: &Job, shown: &[Shown]) -> Result<Vec<u8>, Refusal> {
        let card = shown.iter().find(|card| files::sha256(&card.der) == job.fingerprint).ok_or(Refusal::Card)?;
        match job.errand {
            Errand::SignOut => {
                self.lock();
                return Ok(Vec::new());
            }
            // Somebody else may stand here now: the PIN is asked for every time.
            Errand::SignIn => self.unlock(card)?,
            Errand::Sign => {}
        }
        let content = STANDARD.decode(&job.content).map_err(|_| Refusal::Card)?;
        let open = self.unlocked.as_mut().filter(|open| open.slot == card.slot).ok_or(Refusal::SignedOut)?;
        open.used = Instant::now();
        let key = key(&open.session, card)?;
        Ok(open.session.sign(&Mechanism::Sha256RsaPkcs, key, &content)?)
    }

    fn unlock(&mut self, card: &Shown) -> Result<(), Refusal> {
        self.lock();
        let has_keypad = self.module.get_token_info(card.slot)?.protected_authentication_path();
        let pin = if has_keypad { None } else { Some(self.ask_pin()?) };
        let session = self.module.open_ro_session(card.slot)?;
        session.login(UserType::User, pin.as_ref())?;
        self.unlocked = Some(Unlocked { slot: card.slot, session, used: Instant::now() });
        Ok(())
    }

    /// The program shows a window of its own and prints what was typed; nothing printed is a refusal.
    fn ask_pin(&self) -> Result<AuthPin, Refusal> {
        let program = self.pin_program.as_ref().ok_or(Refusal::Pin)?;
        let asked = Command::new(program).stdin(Stdio::null()).stderr(Stdio::null()).output().map_err(|_| Refusal::Pin)?;
        let mut typed = String::from_utf8(asked.stdout).map_err(|_| Refusal::Pin)?;
        typed.truncate(typed.trim_end_matches(['\r', '\n']).len());
        if !asked.status.success() || typed.is_empty() {
            return Err(Refusal::Pin);
        }
        Ok(AuthPin::new(typed))
    }
}

/// The private key beside a certificate.
fn key(session: &Session, card: &Shown) -> Result<ObjectHandle, Refusal> {
    let wanted = [Attribute::Class(ObjectClass::PRIVATE_KEY), Attribute::Id(card.id.clone())];
    session.find_objects(&wanted)?.first().copied().ok_or(Refusal::Card)
}

/// Runs until the process is ended, on a thread of its own: a card is slow, and so is a person with a PIN.
pub fn run(config: &Config, cloud: &Cloud, runtime: &tokio::runtime::Handle) -> anyhow::Result<()> {
    let Some(module) = &config.card_module else { return Ok(()) };
    let mut reader = CardReader::open(module, config.pin_program.clone())?;
    let mut wait = Duration::from_secs(1);
    loop {
        let shown = reader.certificates();
        reader.tidy(&shown);
        if shown.is_empty() {
            std::thread::sleep(NOTHING_IN);
            continue;
        }
        let certificates = shown.iter().map(|card| STANDARD.encode(&card.der)).collect();
        match runtime.block_on(cloud.card(certificates)) {
            Some(Some(job)) => {
                let done = reader.work(&job, &shown);
                runtime.block_on(cloud.card_done(&job.id, &done));
                wait = Duration::from_secs(1);
            }
            Some(None) => wait = Duration::from_secs(1),
            None => {
                std::thread::sleep(wait);
                wait = (wait * 2).min(LONGEST_WAIT);
            }
        }
    }
}
