//! Runs heavy work off the serving thread. Hostile or large input must not block other requests, least of all the
//! heartbeat by which the edge knows that the process is alive.

use crate::app::{App, AppError};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Heavy jobs in progress per process: an installation runs as many processes as it wants cores.
const MAX_CONCURRENT: usize = 1;
/// Maximum number of waiting heavy jobs. Further requests are asked to retry.
const MAX_QUEUED: usize = 8;
/// Input size from which work counts as heavy. Below it, a thread would cost more than the work, and small requests do
/// not queue behind large ones.
const HEAVY_BYTES: usize = 32 * 1024;

/// Limits running and waiting jobs.
#[derive(Debug)]
pub(in crate::app) struct HeavyWorkLimiter {
    running: Arc<Semaphore>,
    queue_slots: Semaphore,
}

impl Default for HeavyWorkLimiter {
    fn default() -> Self {
        Self {
            running: Arc::new(Semaphore::new(MAX_CONCURRENT)),
            queue_slots: Semaphore::new(MAX_CONCURRENT + MAX_QUEUED),
        }
    }
}

impl HeavyWorkLimiter {
    async fn run<T: Send + 'static>(
        &self,
        input_bytes: usize,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, AppError> {
        if input_bytes < HEAVY_BYTES {
            return Ok(work());
        }
        let _slot = self.queue_slots.try_acquire().map_err(|_| AppError::Busy)?;
        let turn = self.running.clone().acquire_owned().await.map_err(|_| AppError::Busy)?;
        let done = tokio::task::spawn_blocking(move || {
            // The permit belongs to the work and not to the waiting request, because a thread cannot be cancelled.
            let _turn = turn;
            work()
        });
        done.await.map_err(|error| AppError::Internal(std::io::Error::other(error)))
    }
}

impl App {
    /// Runs work on `input_bytes` bytes of input: on its own thread if the input is large, after at most a few other
    /// jobs.
    ///
    /// # Errors
    /// [`AppError::Busy`] when too many jobs are waiting.
    pub async fn offload<T: Send + 'static>(
        &self,
        input_bytes: usize,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, AppError> {
        self.heavy_work.run(input_bytes, work).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{sync::mpsc, thread};

    #[tokio::test]
    async fn heavy_work_leaves_the_serving_thread_and_a_crowd_is_sent_away() {
        let heavy_work = Arc::new(HeavyWorkLimiter::default());
        let serving = thread::current().id();
        assert_eq!(heavy_work.run(10, || thread::current().id()).await.unwrap(), serving);
        assert_ne!(heavy_work.run(HEAVY_BYTES, || thread::current().id()).await.unwrap(), serving);
        let (release, wait) = mpsc::channel::<()>();
        let first = tokio::spawn({
            let heavy_work = heavy_work.clone();
            async move { heavy_work.run(HEAVY_BYTES, move || wait.recv().is_ok()).await }
        });
        let others: Vec<_> = (0..MAX_QUEUED)
            .map(|_| {
                let heavy_work = heavy_work.clone();
                tokio::spawn(async move { heavy_work.run(HEAVY_BYTES, || ()).await })
            })
            .collect();
        while heavy_work.queue_slots.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert!(matches!(heavy_work.run(HEAVY_BYTES, || ()).await, Err(AppError::Busy)));
        assert!(heavy_work.run(10, || ()).await.is_ok(), "small work never waits");
        release.send(()).unwrap();
        assert!(first.await.unwrap().unwrap());
        for other in others {
            other.await.unwrap().unwrap();
        }
        assert!(heavy_work.run(HEAVY_BYTES, || ()).await.is_ok());
    }
}
