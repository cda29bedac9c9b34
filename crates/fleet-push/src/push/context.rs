//! What the tasks of all hosts of one push share.

use std::sync::Arc;

use inventory::Host;
use remote::Remote;

use crate::engine::Engine;
use crate::engine::embedded::mesh::Mesh;
use crate::engine::rtorrent::swarm::Swarm;
use crate::hosts::reach::Dial;
use crate::job::Job;
use crate::job::clock::Clock;
use crate::push::copies::Copies;
use crate::push::semaphore::Semaphore;

/// The host's client, once there is a way to the host.
pub(crate) type MakeEngine =
    Arc<dyn for<'a> Fn(&'a dyn Remote, &'a Host, &'a Job, &'a Clock) -> Box<dyn Engine + 'a> + Send + Sync>;

/// One push, shared by the threads of its hosts.
#[derive(Clone)]
pub(crate) struct PushContext {
    pub(crate) job: Arc<Job>,
    /// All hosts of this push, by their numbers.
    pub(crate) hosts: Arc<[Host]>,
    pub(crate) swarm: Arc<Swarm>,
    pub(crate) mesh: Arc<Mesh>,
    pub(crate) copies: Arc<Copies>,
    /// How many hosts are connected to and begun at the same time.
    pub(crate) begin: Arc<Semaphore>,
    pub(crate) clock: Clock,
    pub(crate) dial: Dial,
    pub(crate) engine: MakeEngine,
}
