//! The parsers' threads: as many as cores, apart from the async workers, so that no page holds up a request.

use std::sync::Arc;

use tokio::sync::oneshot;

/// A pool for parsing. Cheap to clone.
#[derive(Clone)]
pub struct ParserPool(Arc<rayon::ThreadPool>);

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
        let pool = rayon::ThreadPoolBuilder::new()
            .thread_name(|n| format!("parser-{n}"))
            // the asker hears of it, because its answer's sender is dropped; the default would end the process
            .panic_handler(|_| tracing::error!("a parser thread panicked"))
            .build()?;
        Ok(Self(Arc::new(pool)))
    }

    /// Runs `work` on the pool.
    ///
    /// # Errors
    /// It panicked.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, PoolError> {
        let (sender, receiver) = oneshot::channel();
        self.0.spawn(move || {
            // an asker that has gone needs no answer
            let _ = sender.send(work());
        });
        receiver.await.map_err(|_| PoolError)
    }
}
