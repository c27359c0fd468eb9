//! What an address says of a search: `?q=&source=&group=&page=`.

use std::collections::HashSet;

use crate::{
    serve::{
        Site, access,
        address::{LAST_PAGE, Refusal, Subject, number},
    },
    source::SourceId,
    store::Scope,
};

/// A search as an address says it.
#[derive(Clone, Debug, Default)]
pub(in crate::serve) struct Search {
    pub(in crate::serve) text: String,
    pub(in crate::serve) sources: Vec<SourceId>,
    pub(in crate::serve) groups: Vec<String>,
    /// From 1.
    pub(in crate::serve) page: usize,
    /// Whether it was asked for with the token in the address, which a feed's links carry then.
    pub(in crate::serve) with_token: bool,
}

impl Search {
    /// Whether a query asks for anything, be it nothing.
    pub(super) fn asks(query: &str) -> bool {
        form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == "q")
    }

    pub(super) fn read(site: &Site, query: &str) -> Result<Self, Refusal> {
        let mut search = Self {
            page: 1,
            with_token: access::was_asked_for_with(site, query),
            ..Self::default()
        };
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "q" => value.trim().clone_into(&mut search.text),
                // a form sends what was left open, too
                "source" | "group" if value.is_empty() => {}
                "source" => {
                    let id = SourceId::parse(&value).ok().map(|id| site.present(&id));
                    let id = id.filter(|id| site.source(id).is_some());
                    search
                        .sources
                        .push(id.ok_or(Refusal::Unknown("this source"))?);
                }
                "group" if site.group(&value).is_some() => search.groups.push(value.into_owned()),
                "group" => return Err(Refusal::Unknown("this group")),
                "page" => search.page = number(&name, &value, LAST_PAGE)?,
                _ => {}
            }
        }
        search.sources.sort_unstable();
        search.sources.dedup();
        search.groups.sort_unstable();
        search.groups.dedup();
        Ok(search)
    }

    /// Of several sources or groups all are meant; of sources and groups what is in both.
    pub(super) fn scope(&self, site: &Site) -> Scope {
        let of_group = |name: &String| match Subject::Group(name.clone()).scope(site) {
            Scope::Sources(ids) => ids,
            _ => Vec::new(),
        };
        let grouped: HashSet<SourceId> = self.groups.iter().flat_map(of_group).collect();
        let within = |id: &SourceId| self.groups.is_empty() || grouped.contains(id);
        match self.sources.as_slice() {
            [] if self.groups.is_empty() => Subject::All.scope(site),
            [] => Scope::Sources(grouped.into_iter().collect()),
            [one] if within(one) => Subject::Source(one.clone()).scope(site),
            several => {
                let inside = several.iter().filter(|id| within(id));
                let ids = inside.flat_map(|id| {
                    let aliases = site.source(id).into_iter().flat_map(|s| &s.aliases);
                    std::iter::once(id).chain(aliases)
                });
                Scope::Sources(ids.cloned().collect())
            }
        }
    }

    /// As the query of an address.
    pub(super) fn query(&self, with_page: bool) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("q", &self.text);
        for id in &self.sources {
            query.append_pair("source", id.as_str());
        }
        for name in &self.groups {
            query.append_pair("group", name);
        }
        if with_page && self.page > 1 {
            query.append_pair("page", &self.page.to_string());
        }
        query.finish()
    }

    pub(super) fn at(&self, page: usize) -> String {
        let search = Self {
            page,
            ..self.clone()
        };
        format!("search?{}", search.query(true))
    }
}
