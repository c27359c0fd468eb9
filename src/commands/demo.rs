//! `schoolbell demo`: made-up departments on loopback, polled by the ordinary daemon.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use anyhow::Context;
use clap::Args;
use tokio::sync::watch;

use super::{now, print};
use crate::{
    config::Config,
    daemon,
    demo::{self, Arrivals, Department, Departments},
    feed::Format,
    serve::Listener,
};

/// How often the departments publish something.
const ARRIVAL: Duration = Duration::from_secs(30);

/// The flags of `demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// The feeds' port; the departments take the three after it
    #[arg(long, value_name = "PORT", default_value_t = 8080, value_parser = clap::value_parser!(u16).range(1..=65532))]
    port: u16,
    /// Where the demo keeps its store [default: a folder in the system's place for temporary files]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

/// Runs until SIGTERM or Ctrl-C. Started again, it goes on where it was.
///
/// # Errors
/// A port or the store cannot be had.
pub(super) async fn run(args: DemoArgs) -> anyhow::Result<ExitCode> {
    let data = args
        .data
        .unwrap_or_else(|| std::env::temp_dir().join(format!("schoolbell-demo-{}", args.port)));
    std::fs::create_dir_all(&data).with_context(|| {
        format!(
            "cannot make the folder {}; name another with --data",
            data.display()
        )
    })?;
    let config = Arc::new(Config::parse(
        &configuration(args.port, &data),
        "the demo's configuration",
    )?);
    let listener = Listener::bind(&config.server.listen)
        .await
        .context("no port for the feeds; name another with --port")?;
    let mut sites = Vec::new();
    for (department, port) in Department::all().into_iter().zip(args.port + 1..) {
        let bound = tokio::net::TcpListener::bind(loopback(port)).await;
        sites.push((
            department,
            bound.with_context(|| {
                format!(
                    "no port {port} for {}; name another with --port",
                    department.name()
                )
            })?,
        ));
    }
    let saved = Saved {
        path: data.join("arrivals.json"),
    };
    let store = daemon::open_store(&config).await?;
    let departments = Departments::resume(saved.load()?);
    let stop = daemon::stop_signal()?;
    for (department, listener) in sites {
        tokio::spawn(demo::serve(
            listener,
            departments.router(department),
            daemon::stopped(stop.clone()),
        ));
    }
    tokio::spawn(publish(departments, saved, stop.clone()));
    print(&addresses(args.port, &data))?;
    daemon::run(config, None, listener, store, now, stop).await?;
    Ok(ExitCode::SUCCESS)
}

fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

/// The demo's configuration, in the words that a user would write.
fn configuration(port: u16, data: &Path) -> String {
    let store = toml::Value::from(data.join("store").to_string_lossy().into_owned());
    let mut text = format!(
        "[server]\nlisten = \"127.0.0.1:{port}\"\npublic_url = \"http://127.0.0.1:{port}\"\n\
         [store]\npath = {store}\n\
         [fetch]\ndelay = \"0s\"\nallow_private = [\"127.0.0.1/32\"]\n"
    );
    for (department, port) in Department::all().into_iter().zip(port + 1..) {
        let source = format!(
            "[[source]]\nid = \"{}\"\nurl = \"http://127.0.0.1:{port}{}\"\ntitle = \"{}\"\ngroups = [\"{}\"]\nevery = \"5s\"\npages = 2\n",
            department.id(),
            department.list_path(),
            department.title(),
            department.group(),
        );
        text.push_str(&source);
    }
    text
}

/// What to open, for the person at the terminal.
fn addresses(port: u16, data: &Path) -> String {
    let home = format!("http://127.0.0.1:{port}");
    let mut lines = vec![
        "schoolbell demo: three made-up departments and their feeds\n".to_owned(),
        format!("  front page   {home}/"),
        format!("  everything   {home}/all.rss"),
    ];
    for (department, site) in Department::all().into_iter().zip(port + 1..) {
        let feed = format!("{home}/feeds/{}", department.id());
        let page = format!("http://127.0.0.1:{site}{}", department.list_path());
        lines.push(format!("\n  {}\n    its page   {page}", department.title()));
        lines.extend(
            Format::ALL
                .map(|format| format!("    {:<10} {feed}.{}", format.name(), format.ending())),
        );
    }
    let (every, data) = (ARRIVAL.as_secs(), data.display());
    lines.push(format!(
        "\nA new article appears every {every} seconds. The store is in {data}."
    ));
    lines.push("Ctrl-C stops; started again, it goes on where it was.\n\n".to_owned());
    lines.join("\n")
}

/// Publishes at one department in turn, for as long as the demo runs.
async fn publish(departments: Departments, saved: Saved, stop: watch::Receiver<bool>) {
    let mut turns = tokio::time::interval_at(tokio::time::Instant::now() + ARRIVAL, ARRIVAL);
    let stopped = daemon::stopped(stop);
    tokio::pin!(stopped);
    loop {
        tokio::select! {
            () = &mut stopped => return,
            _ = turns.tick() => {}
        }
        let (department, title) = departments.publish(now());
        tracing::info!(
            department = department.id(),
            title,
            "a department has published"
        );
        if let Err(error) = saved.keep(&departments.arrivals()) {
            tracing::warn!(%error, path = %saved.path.display(), "what was published cannot be kept for the next start");
        }
    }
}

/// What the departments have published, kept for the next start.
struct Saved {
    path: PathBuf,
}

impl Saved {
    fn load(&self) -> anyhow::Result<Arrivals> {
        let shown = self.path.display();
        match std::fs::read(&self.path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .with_context(|| format!("{shown} is damaged; remove the demo's folder")),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Arrivals::default()),
            Err(error) => Err(error).with_context(|| format!("cannot read {shown}")),
        }
    }

    /// Written aside and renamed: killed at any moment, the file is whole.
    fn keep(&self, arrivals: &Arrivals) -> std::io::Result<()> {
        let aside = self.path.with_extension("new");
        std::fs::write(&aside, serde_json::to_vec(arrivals)?)?;
        std::fs::rename(aside, &self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Listen;

    #[test]
    fn the_configuration_is_a_good_one() {
        let config = Config::parse(
            &configuration(9000, Path::new("/some \"odd\" folder")),
            "demo",
        )
        .unwrap();
        assert_eq!(config.server.listen, Listen::Tcp(loopback(9000)));
        assert_eq!(config.store.path, Path::new("/some \"odd\" folder/store"));
        assert_eq!(
            config.sources[2].url.as_str(),
            "http://127.0.0.1:9003/1312/list.htm"
        );
    }
}
