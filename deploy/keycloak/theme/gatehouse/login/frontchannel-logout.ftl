<#import "template.ftl" as layout>
<@layout.registrationLayout; section>
  <#if section == "header">
    ${msg("frontchannel-logout.title")}
  <#elseif section == "form">
    <p>${msg("frontchannel-logout.message")}</p>
    <ul>
      <#list logout.clients as client>
      <li>${client.name} <iframe src="${client.frontChannelLogoutUrl}" title="${client.name}" hidden></iframe></li>
      </#list>
    </ul>
    <#if logout.logoutRedirectUri?has_content>
      <p><a id="continue" href="${logout.logoutRedirectUri}" data-onward>${msg("doContinue")}</a></p>
    </#if>
  </#if>
</@layout.registrationLayout>
