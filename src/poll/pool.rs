//! The parsers' threads: as many as cores, apart from the async workers, so that no page holds up a request; and one for
//! pages so large that they hardly are ones, so that these do not hold up the others.

use std::{sync::Arc, time::Instant};

use tokio::sync::oneshot;

use crate::metrics::Metrics;

/// A page from here on is read one at a time, in bytes. Lists and articles stay far below it.
const LARGE: usize = 1 << 20;

/// A pool for parsing. Cheap to clone.
#[derive(Clone)]
pub struct ParserPool {
    ordinary: Arc<rayon::ThreadPool>,
    large: Arc<rayon::ThreadPool>,
    metrics: Option<Metrics>,
}

/// Parsing a page ended in a panic: a defect of this program, contained to the page.
#[derive(Debug, thiserror::Error)]
#[error("reading the page ended in a defect of schoolbell; please report the address")]
pub struct PoolError;

impl ParserPool {
    /// A pool as wide as the machine.
    ///
    /// # Errors
    /// The system gives no threads.
    pub fn new() -> Result<Self, rayon::ThreadPoolBuildError> {
        Ok(Self {
            // 0: as many as cores
            ordinary: Arc::new(threads("parser", 0)?),
            large: Arc::new(threads("parser-large", 1)?),
            metrics: None,
        })
    }

    /// The same pool, whose work is measured.
    #[must_use]
    pub fn measured(self, metrics: &Metrics) -> Self {
        Self {
            metrics: Some(metrics.clone()),
            ..self
        }
    }

    /// Runs `work`, which reads so many bytes, on the pool.
    ///
    /// # Errors
    /// It panicked.
    pub async fn run<T: Send + 'static>(
        &self,
        bytes: usize,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, PoolError> {
        let (sender, receiver) = oneshot::channel();
        let pool = if bytes < LARGE {
            &self.ordinary
        } else {
            &self.large
        };
        let metrics = self.metrics.clone();
        pool.spawn(move || {
            let began = Instant::now();
            let done = work();
            if let Some(metrics) = metrics {
                metrics.extracted(began.elapsed());
            }
            // an asker that has gone needs no answer
            let _ = sender.send(done);
        });
        receiver.await.map_err(|_| PoolError)
    }
}

fn threads(
    name: &'static str,
    number: usize,
) -> Result<rayon::ThreadPool, rayon::ThreadPoolBuildError> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(number)
        .thread_name(move |n| format!("{name}-{n}"))
        // the asker hears of it, because its answer's sender is dropped; the default would end the process
        .panic_handler(|_| tracing::error!("a parser thread panicked"))
        .build()
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn large_pages_hold_up_no_ordinary_one() {
        let pool = ParserPool::new().unwrap();
        let (release, held) = mpsc::channel::<()>();
        let held = Arc::new(std::sync::Mutex::new(held));
        let large: Vec<_> = (0..64)
            .map(|_| {
                let (pool, held) = (pool.clone(), held.clone());
                tokio::spawn(async move {
                    // until the sender is gone
                    pool.run(LARGE, move || held.lock().unwrap().recv()).await
                })
            })
            .collect();
        tokio::task::yield_now().await;
        assert_eq!(pool.run(LARGE - 1, || 7).await.unwrap(), 7);
        drop(release);
        for read in large {
            assert!(read.await.unwrap().is_ok());
        }
    }

    #[tokio::test]
    async fn a_panic_is_told_and_the_next_page_is_read() {
        let pool = ParserPool::new().unwrap();
        assert!(pool.run(0, || panic!("a defect")).await.is_err());
        assert_eq!(pool.run(0, || 7).await.unwrap(), 7);
    }
}
